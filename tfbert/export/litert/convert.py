"""Graph functions to the bytes of a LiteRT file."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfbert.export.litert.file_ops import custom_ops
from tfbert.export.litert.static_ranges import with_static_ranges
from tfbert.export.litert.text_ops import REGISTRARS, text_op_registerers
from tfbert.export.verify import ExportError


def convert(
    signatures: Mapping[str, Any],
    variables: Sequence[keras.Variable],
    precision: str = "float32",
    calibration: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """Convert functions to one LiteRT file with a signature for each; they share their weights.

    Args:
        signatures: dict from signature name to concrete function.
        variables: Keras variables that the functions read.
        precision: str, default "float32". Or "float16", "dynamic_int8" or "full_int8".
        calibration: Sequence of dicts from signature name to its inputs, arrays by name, for "full_int8".

    Returns:
        bytes.

    Raises:
        ExportError: If LiteRT lacks an op of them; the message names it.
    """
    module = tf.Module(name="tfbert")
    module.weights = [variable.value for variable in variables]
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=dict(signatures))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        converter.allow_custom_ops = True  # those of tensorflow-text
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            # Scales folded into the next product let one outlier of a token's vector take most of its 8 bits.
            converter._experimental_disable_fuse_mul_and_fc = True
        if precision == "full_int8":
            converter.representative_dataset = lambda: (
                (name, dict(inputs)) for row in calibration for name, inputs in row.items()
            )
            converter.target_spec._experimental_custom_op_registerers = text_op_registerers()
            converter._experimental_calibrate_only = True
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # calibration runs the converter's own, older interpreter
            try:
                content = converter.convert()
                if precision == "full_int8":
                    content = with_static_ranges(content)
            except Exception as error:
                raise ExportError(f"LiteRT cannot run this model: {_cause(error)}") from error
    foreign = sorted(custom_ops(content) - set(REGISTRARS))
    if foreign:
        raise ExportError(f"LiteRT lacks the op{'s' if len(foreign) > 1 else ''} {', '.join(foreign)}.")
    return content


def _cause(error: Exception) -> str:
    """The line of a converter's error that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "error:" in line), (lines or [type(error).__name__])[0])
