"""StoredTensor: one tensor in a weight file, whose values are read only when they are asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import ml_dtypes  # noqa: F401  # NumPy learns bfloat16 from it
import numpy as np


@dataclasses.dataclass(frozen=True)
class StoredTensor:
    """A tensor that still lies in its file, so that loading a big model holds one tensor at a time.

    Args:
        name: str. Its name in the file, for messages.
        shape: tuple of int.
        dtype: str. NumPy's name of the stored type, such as "float32" or "bfloat16".
        source: str. The file, for messages.
        load: Function without arguments that returns the array as it is stored.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    source: str
    load: Callable[[], np.ndarray]

    def read(self) -> np.ndarray:
        """Return the values; floating-point ones as float32, others as they are stored."""
        array = self.load()
        is_float = np.issubdtype(array.dtype, np.floating) or array.dtype.name == "bfloat16"
        return array.astype(np.float32, copy=False) if is_float else array
