"""The state of a training in one file: variables, and how far it has come."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfbert.training.callbacks.training_facts import differences

ABOUT = "about"


def state_of(model: Any) -> list[Any]:
    """Return the variables of a training: of a compiled model and its optimizer, but not what metrics count."""
    of_metrics = {id(variable) for variable in model.metrics_variables}
    return [v for v in (*model.variables, *model.optimizer.variables) if id(v) not in of_metrics]


def write_state(path: Path, about: Mapping[str, Any], variables: list[Any]) -> None:
    """Write variables and what `read_state` returns; a file of that name is replaced as a whole.

    Raises:
        OSError: If there is no room, or no right, to write there; an older file is still whole.
    """
    arrays: dict[str, Any] = {str(index): np.asarray(variable) for index, variable in enumerate(variables)}
    arrays[ABOUT] = np.array(json.dumps(about))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    try:
        with beside.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OSError(
            f"The training could not be backed up in {str(path.parent)!r}: {error}. The backup before it is whole; "
            "make room there, and call `fit` again to go on from it."
        ) from error


def read_state(path: Path, variables: list[Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give variables the values in a file.

    Args:
        path: The file.
        variables: Those of the same training.
        facts: What `facts_of` says of this training; what was written has to hold the same as "facts".

    Returns:
        What else was written.

    Raises:
        ValueError: If it is no such file, or that of another training; the variables are as they were.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(str(stored[ABOUT]))
            arrays = [stored[str(index)] for index in range(len(stored.files) - 1)]
        different = differences(about["facts"], facts)
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{str(path)!r} is no backup of a training: {error}. Remove it.") from error
    if not different and [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
        different = "the model has other weights, or trains others of them"
    if different:
        raise ValueError(
            f"{str(path)!r} is the backup of another training: {different}. Train as before to go on from it, or give "
            "each training a folder of its own; delete the file if that training is of no use any more."
        )
    for variable, array in zip(variables, arrays):
        variable.assign(array.view(variable.dtype) if array.dtype.kind == "V" else array)
    return about
