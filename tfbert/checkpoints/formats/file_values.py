"""Values at a place in a file, read without keeping the file open or mapped; and shapes that they can have."""

from __future__ import annotations

import math
from os import PathLike
from typing import Any

import numpy as np

MOST_AXES = 64  # of a NumPy array
MOST_VALUES = 2**59  # of sixteen bytes; NumPy counts zero axes as one, and so does `is_shape`


def is_count(value: Any) -> bool:
    """Return whether a value from a file is a whole number from 0 that fits 64 bits; True and False are none."""
    return type(value) is int and 0 <= value < 2**63


def is_shape(values: Any) -> bool:
    """Return whether a list or tuple from a file is a shape that an array can have."""
    if not isinstance(values, (list, tuple)) or len(values) > MOST_AXES or not all(map(is_count, values)):
        return False
    return math.prod(length or 1 for length in values) < MOST_VALUES


def read_values(path: str | PathLike, name: str, dtype: np.dtype, offset: int, shape: tuple[int, ...]) -> np.ndarray:
    """Read one tensor's little-endian values.

    Args:
        path: Path of the file.
        name: str. The tensor, for messages.
        dtype: np.dtype.
        offset: int. Where the values begin, in bytes from the file's start.
        shape: tuple of int.

    Returns:
        A new array.

    Raises:
        ValueError: If the file ends before the tensor does.
    """
    count = math.prod(shape)
    with open(path, "rb") as file:
        file.seek(offset)
        values = np.fromfile(file, dtype, count)
    if values.size != count:
        raise ValueError(
            f"{str(path)!r} ends within tensor {name!r}: expected {count} values, got {values.size}. "
            "Fetch the checkpoint again."
        )
    return values.reshape(shape)
