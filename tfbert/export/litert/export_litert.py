"""LiteRT files, checked before they take their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfbert.export.litert.convert import convert
from tfbert.export.litert.file_metadata import attach_metadata
from tfbert.export.litert.litert_model import LiteRTModel
from tfbert.export.report_file import report_path
from tfbert.export.staging import check_target, staged_path
from tfbert.export.verify import compare_outputs
from tfbert.version import __version__


def export_litert(
    path: str | PathLike,
    signatures: Mapping[str, Any],
    variables: Sequence[keras.Variable],
    metadata: Mapping[str, Any],
    *,
    probes: Sequence[Mapping[str, Any]],
    precision: str = "float32",
    calibration: Sequence[Mapping[str, Any]] = (),
    overwrite: bool = False,
) -> Path:
    """Write graph functions as a LiteRT file, check it, and put it in place in one step.

    Args:
        path: Path of the new file, such as "sentiment.tflite".
        signatures: dict from signature name to concrete function. "serving_default" and "tokenize" take text columns,
            "ids" takes what "tokenize" returns; or "ids" alone.
        variables: Keras variables that the functions read.
        metadata: dict, packed into the file.
        probes: Sequence of dicts of inputs of the first signature: what the file and the functions are compared on.
        precision: str, default "float32". One of `PRECISIONS`.
        calibration: Sequence of dicts from signature name to its inputs: what "full_int8" measures activations on.
        overwrite: bool, default False. Replace an existing file.

    Returns:
        The path.

    Raises:
        ValueError: If the name of the file does not end in .tflite.
        FileExistsError: If the file exists and `overwrite` is False.
        ExportError: If LiteRT lacks an op, or the file does not answer as the functions do.
    """
    path = check_target(path, ".tflite", overwrite)
    with staged_path(path, overwrite) as file:
        file.write_bytes(convert(signatures, variables, precision, calibration))
        attach_metadata(file, {"tfbert_version": __version__, **metadata})
        _check(LiteRTModel(file), signatures, probes, exactly=precision == "float32")
    report_path(path).unlink(missing_ok=True)  # that of the file before
    return path


def _check(
    model: LiteRTModel, signatures: Mapping[str, Any], probes: Sequence[Mapping[str, Any]], exactly: bool
) -> None:
    """Compare each signature of a written file with the function that it was made from."""
    for probe in probes:
        if "tokenize" not in signatures:
            compare_outputs("ids", signatures["ids"](**probe), model.run_ids(**probe), exactly)
            continue
        columns = model.read_columns(probe)
        texts = {name: tf.constant(column) for name, column in columns.items()}
        ids = signatures["tokenize"](**texts)
        compare_outputs("tokenize", ids, model.tokenize(**columns))
        compare_outputs("serving_default", signatures["serving_default"](**texts), model.answer(columns), exactly)
        compare_outputs("ids", signatures["ids"](**ids), model.run_ids(**ids), exactly)
