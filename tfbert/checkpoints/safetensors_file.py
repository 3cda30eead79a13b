"""`model.safetensors`: read with every fault named, written so that no half file can be left behind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import ml_dtypes  # noqa: F401  # NumPy learns bfloat16 from it
import numpy as np
import safetensors
import safetensors.numpy

WEIGHTS_FILE = "model.safetensors"


def read_weights(folder: str | PathLike) -> dict[str, np.ndarray]:
    """Read every tensor of a folder's `model.safetensors`.

    Args:
        folder: Path of the checkpoint folder.

    Returns:
        A dict from name to array; floating-point arrays are float32.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated or corrupt.
    """
    path = Path(folder) / WEIGHTS_FILE
    if not path.is_file():
        others = sorted(file.name for file in Path(folder).glob("*") if file.suffix in (".bin", ".h5", ".safetensors"))
        hint = f" It holds {', '.join(others)}; save it as one safetensors file first." if others else ""
        raise FileNotFoundError(f"No {WEIGHTS_FILE} in {str(folder)!r}.{hint}")
    try:
        arrays = safetensors.numpy.load_file(path)
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{str(path)!r} ({path.stat().st_size} bytes) is truncated or no safetensors file: {error}. "
            "Fetch the checkpoint again."
        ) from error
    return {name: _as_float32(array) for name, array in arrays.items()}


def write_weights(arrays: Mapping[str, np.ndarray], folder: str | PathLike) -> None:
    """Write `model.safetensors` with PyTorch's format mark, beside its final place and then renamed.

    Args:
        arrays: dict from name to array.
        folder: Path of the folder.
    """
    path = Path(folder) / WEIGHTS_FILE
    partial = path.with_name(f".{WEIGHTS_FILE}.{os.getpid()}.partial")
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    try:
        # As bytes, because save_file makes a file that only its owner may read.
        partial.write_bytes(safetensors.numpy.save(contiguous, metadata={"format": "pt"}))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _as_float32(array: np.ndarray) -> np.ndarray:
    is_float = np.issubdtype(array.dtype, np.floating) or array.dtype.name == "bfloat16"
    return array.astype(np.float32) if is_float and array.dtype != np.float32 else array
