"""A task as a file or folder that runs without tfbert: one function for each form, which `Task.export` chooses from."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from tfbert.export.formats import (
    FILE_FORMATS,
    FORMATS,
    INPUTS,
    LITERT,
    ONNX,
    PRECISIONS,
    SAVED_MODEL,
    SERVING,
    SUFFIXES,
)
from tfbert.export.staging import check_target
from tfbert.export.verify import ExportError
from tfbert.models.eight_bit_form import eight_bit_form
from tfbert.option_checks import check_choice
from tfbert.str_array import as_str_array
from tfbert.tasks.base.export_checks import check_rows, check_weights, served_names
from tfbert.tasks.base.saved_model_export import export_bundle_of, export_saved_model_of, variables_of
from tfbert.tasks.base.signatures import make_signatures, never_empty

if TYPE_CHECKING:
    from tfbert.tasks.base.task import Task

logger = logging.getLogger("tfbert")
ALTERNATIVES = 'Write inputs="ids" and tokenize and decode outside the file, or format="tf_saved_model".'


def export_task(
    task: Task,
    path: str | PathLike,
    format: str = SAVED_MODEL,
    *,
    text_pair: bool | None = None,
    jit_compile: bool = False,
    precision: str = "float32",
    inputs: str = "text",
    calibration_texts: Any = None,
    name: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a task in one of the forms; see `Task.export`."""
    check_choice("format", format, FORMATS)
    check_choice("precision", precision, PRECISIONS)
    check_choice("inputs", inputs, INPUTS)
    if (calibration_texts is not None) != (precision == "full_int8"):
        raise ValueError(
            '`calibration_texts` go with precision="full_int8", which needs them. '
            f"Received: precision={precision!r}, calibration_texts={type(calibration_texts).__name__}."
        )
    if name is not None and format != SERVING:
        raise ValueError(f"`name` goes with format={SERVING!r}; elsewhere `path` names the model. Received: {name!r}.")
    if task.has_new_head:
        logger.warning("The head was never trained; what is exported to %s answers at random.", path)
    names = served_names(task, text_pair)
    if format in (SAVED_MODEL, SERVING):
        if Path(path).suffix in FILE_FORMATS:
            form = FILE_FORMATS[Path(path).suffix]
            raise ValueError(f"A SavedModel is a folder. Received: {str(path)!r}. Write format={form!r} for a file.")
        if (precision, inputs) != ("float32", "text"):
            raise ValueError(
                "A SavedModel takes text and has the precision that its model computes in. Load the model with "
                f'dtype="bfloat16", or write format="litert". Received: precision={precision!r}, inputs={inputs!r}.'
            )
        if format == SERVING:
            return export_bundle_of(task, path, names, jit_compile, name, overwrite)
        return export_saved_model_of(task, path, names, jit_compile, overwrite)
    if jit_compile:
        raise ValueError(f"`jit_compile` is for format={SAVED_MODEL!r}: XLA compiles no {format} file.")
    if task.compute_dtype != "float32":
        raise ValueError(
            f"A {format} file is made of a float32 model. Received: dtype={task.dtype_policy.name!r}. Load it again "
            f'with from_pretrained(folder, dtype="float32") and write precision={precision!r}.'
        )
    check_target(path, SUFFIXES[format], overwrite)
    check_weights(task, format, precision)
    if inputs == "text":
        check_rows(task)
    metadata = {
        **task.export_metadata(),
        "precision": precision,
        "inputs": names if inputs == "text" else [],
        "several": [column.name for column in task.columns if column.several],
    }
    write = {LITERT: _export_litert, ONNX: _export_onnx}[format]
    return write(task, path, names, metadata, precision, inputs, calibration_texts, overwrite)


def _export_litert(task, path, names, metadata, precision, inputs, calibration_texts, overwrite) -> Path:
    from tfbert.export.litert.export_litert import export_litert

    takes_text = inputs == "text"
    twin = task.for_litert() if takes_text else task
    keys = ("serving_default", "tokenize", "ids") if takes_text else ("ids",)
    probes = task.probes(names)
    ids = [_ids(task, probe) for probe in probes]
    with contextlib.ExitStack() as form:
        form.enter_context(task.model.running_as("padded"))
        if precision.endswith("int8"):
            form.enter_context(eight_bit_form(task.model.bert, lambda: [task.forward(row, False) for row in ids]))
        try:
            signatures = make_signatures(twin, names, keys, keep_rows=True)
        except ValueError as error:
            raise _refusal(task, "LiteRT", error) from error
        variables = variables_of(twin, signatures)
    calibration = [] if calibration_texts is None else _rows(task.read_inputs(calibration_texts))
    try:
        return export_litert(
            path,
            signatures,
            variables,
            metadata,
            probes=probes if takes_text else ids,
            precision=precision,
            calibration=[_inputs(twin, row, keys) for row in calibration],
            overwrite=overwrite,
        )
    except ExportError as error:
        raise _refusal(task, "LiteRT", error) from error


def _export_onnx(task, path, names, metadata, precision, inputs, calibration_texts, overwrite) -> Path:
    from tfbert.export.onnx.export_onnx import export_onnx

    takes_text = inputs == "text"
    if takes_text and not task.decodes_ids:
        raise ExportError(
            f"{type(task).__name__} does not fit into an ONNX file: its answers are cut out of the text or put "
            f"together with it, and ONNX has no ops for that. {ALTERNATIVES}"
        )
    probes = task.probes(names)

    def answer(features):
        outputs = task.forward(features, training=False)
        return task.decode(outputs, features, {}) if takes_text else outputs

    with task.model.running_as("padded"):
        return export_onnx(
            path,
            never_empty(answer),
            task.ids_ranks(),
            task.variables,
            metadata,
            tokenizer=task.tokenizer,
            ids=[{name: ids.numpy() for name, ids in _ids(task, probe).items()} for probe in probes],
            texts=probes if takes_text else (),
            answer=task if takes_text else None,
            precision=precision,
            overwrite=overwrite,
        )


def _refusal(task: Task, form: str, error: Exception) -> ExportError:
    """What to raise where a form lacks what a task takes; of an error that Keras wrapped, the line that says it."""
    lines = [line for line in str(error).splitlines() if form in line] or [str(error)]
    reason = re.sub(r"\x1b\[\d*m", "", lines[0]).strip()
    return ExportError(f"{type(task).__name__} does not fit into a {form} file: {reason} {ALTERNATIVES}")


def _rows(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Columns of one row each."""
    count = len(next(iter(columns.values())))
    return [{name: column[row : row + 1] for name, column in columns.items()} for row in range(count)]


def _inputs(task: Task, row: Mapping[str, Any], keys: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
    """What each signature takes for a row of text columns."""
    # As arrays of characters: of objects the converter's calibration reads other texts than are there.
    texts = {name: as_str_array(column.numpy()).astype(str) for name, column in row.items()}
    ids = {name: values.numpy() for name, values in _ids(task, row).items()}
    return {key: ids if key == "ids" else texts for key in keys}


def _ids(task: Task, columns: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """Text columns as the model's inputs."""
    return task.ids_of({name: tf.constant(column, tf.string) for name, column in columns.items()})
