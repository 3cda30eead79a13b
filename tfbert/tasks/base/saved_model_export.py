"""A task as a SavedModel, or as the next version of a model in a serving bundle."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from tfbert.export.formats import SERVING
from tfbert.export.report_file import report_path
from tfbert.tasks.base.example_signatures import example_signatures
from tfbert.tasks.base.signatures import make_signatures

if TYPE_CHECKING:
    from tfbert.tasks.base.task import Task


def export_saved_model_of(
    task: Task, path: str | PathLike, names: list[str], jit_compile: bool, overwrite: bool
) -> Path:
    """Write a task as a SavedModel; see `Task.export`."""
    from tfbert.export.saved_model import export_saved_model

    with task.model.exported_execution(jit_compile):
        signatures = make_signatures(task, names)
    written = export_saved_model(
        path, signatures, **_contents(task, names, signatures, jit_compile), overwrite=overwrite
    )
    report_path(written).unlink(missing_ok=True)  # that of the folder before
    return written


def export_bundle_of(
    task: Task, path: str | PathLike, names: list[str], jit_compile: bool, name: str | None, overwrite: bool
) -> Path:
    """Write a task as the next version of a model in a serving bundle; see `Task.export`."""
    from tfbert.export.serving.export_bundle import check_place, export_bundle

    name = task.task_name if name is None else name
    if overwrite:
        raise ValueError(f"`overwrite` does not go with format={SERVING!r}: each export is a new version.")
    check_place(path, name)
    with task.model.exported_execution(jit_compile):
        signatures = {**make_signatures(task, names), **example_signatures(task, names)}
    contents = _contents(task, names, signatures, jit_compile)
    return export_bundle(path, name, signatures, **contents)


def _contents(task: Task, names: list[str], signatures: Mapping[str, Any], jit_compile: bool) -> dict[str, Any]:
    """What is written beside the signatures, and what they are checked on."""
    return {
        "variables": variables_of(task, signatures),
        "metadata": {**task.export_metadata(), "inputs": names, "jit_compile": jit_compile},
        "probes": task.probes(names),
        "is_random": task.is_random,
        "is_compiled": jit_compile,
        "lookup_tables": task.tokenizer.lookup_tables,
    }


def variables_of(task: Task, signatures: Mapping[str, Any]) -> list[keras.Variable]:
    """Return the weights; of other variables, such as random states and metrics, those that signatures read."""
    read = {id(handle) for function in signatures.values() for handle in function.captured_inputs}
    weights = {id(weight) for weight in task.weights}
    return [one for one in task.variables if id(one) in weights or id(one.value.handle) in read]
