"""SavedModels that every loader accepts: TF Serving, a plain Session, the C API, and Python without tfbert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfbert.config_file import METADATA_FILE
from tfbert.export.staging import staged_folder
from tfbert.export.verify import check_answers, check_ops
from tfbert.json_file import write_json
from tfbert.version import __version__


def export_saved_model(
    path: str | PathLike,
    signatures: Mapping[str, Any],
    variables: Sequence[keras.Variable],
    metadata: Mapping[str, Any],
    *,
    probes: Sequence[Mapping[str, Any]],
    lookup_tables: Sequence[Any] = (),
    is_random: bool = False,
    is_compiled: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write graph functions as a SavedModel, check it, and put it in place in one step.

    Args:
        path: Path of the new folder.
        signatures: dict from signature name to concrete function. "serving_default" and "tokenize" take text columns,
            "ids" takes what "tokenize" returns.
        variables: Keras variables that the functions read.
        metadata: dict. What tools that inspect the model may want to know.
        probes: Sequence of dicts of text columns. What the written model and the functions are compared on.
        lookup_tables: Sequence of TensorFlow lookup tables that the functions read.
        is_random: bool, default False. Whether answers are drawn by chance, so that they cannot be compared.
        is_compiled: bool, default False. Whether XLA is to compile parts of it, which stock servers refuse.
        overwrite: bool, default False. Replace an existing SavedModel.

    Returns:
        The path.

    Raises:
        FileExistsError: If the folder exists and `overwrite` is False, or it holds no SavedModel.
        ValueError: If TensorFlow would take the path for a pattern.
        ExportError: If the written model does not answer as the functions do, or holds an op that servers lack.
    """
    path = checked_path(path)
    if overwrite and path.exists() and not (path / "saved_model.pb").is_file():
        raise FileExistsError(f"{str(path)!r} holds no SavedModel, so it is not replaced. Choose another path.")
    with staged_folder(path, overwrite) as folder:
        write_saved_model(
            folder,
            signatures,
            variables,
            metadata,
            probes=probes,
            lookup_tables=lookup_tables,
            is_random=is_random,
            is_compiled=is_compiled,
        )
    return path


def checked_path(path: str | PathLike) -> Path:
    """Return a path with the home folder in the place of "~"; refuse one that TensorFlow would take for a pattern."""
    path = Path(path).expanduser()
    if set("*?[]") & set(str(path)):
        raise ValueError(f"`path` must not hold any of * ? [ ], which TensorFlow takes for patterns. Received: {path}.")
    return path


def write_saved_model(
    folder: Path,
    signatures: Mapping[str, Any],
    variables: Sequence[keras.Variable],
    metadata: Mapping[str, Any],
    *,
    probes: Sequence[Mapping[str, Any]],
    lookup_tables: Sequence[Any] = (),
    is_random: bool = False,
    is_compiled: bool = False,
) -> None:
    """Write graph functions as a SavedModel into a folder, and check it; see `export_saved_model`."""
    module = tf.Module(name="tfbert")
    # Plain variables, and Keras objects in closures only: a SavedModel that tracks Keras objects loads in Python,
    # but a Session or the C API finds none of its variables.
    module.weights = [variable.value for variable in variables]
    module.lookup_tables = list(lookup_tables)
    tf.saved_model.save(module, str(folder), signatures=dict(signatures))
    (folder / METADATA_FILE).parent.mkdir(exist_ok=True)
    facts = {"tfbert_version": __version__, "lookup_tables": bool(lookup_tables), **metadata}
    write_json(folder / METADATA_FILE, facts)
    check_ops(folder, allow_lookup_tables=bool(lookup_tables), allow_compiled=is_compiled)
    check_answers(folder, signatures, probes, exactly=not is_random)
