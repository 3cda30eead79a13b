"""Arrays of strings as Python has them."""

from __future__ import annotations

import numpy as np


def as_str_array(values: np.ndarray) -> np.ndarray:
    """Return an array of Python str where a runtime gave bytes; other arrays come back as they are.

    Args:
        values: A NumPy array.

    Returns:
        A NumPy array of the same shape.

    Example:
        >>> as_str_array(np.array([b"good"], dtype=object)).tolist()
        ['good']
    """
    if values.dtype.kind not in "OS":
        return values
    decoded = [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values.reshape(-1)]
    return np.array(decoded, dtype=object).reshape(values.shape)
