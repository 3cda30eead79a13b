"""TorchStorage: the run of values that one or several PyTorch tensors look at."""

from __future__ import annotations

import dataclasses
from typing import Any

import ml_dtypes  # noqa: F401  # NumPy learns bfloat16 from it
import numpy as np

from tfbert.checkpoints.formats.file_values import is_count

# PyTorch's storage classes and the types of their values.
STORAGE_DTYPES = {
    "torch.BoolStorage": np.dtype("bool"),
    "torch.ByteStorage": np.dtype("uint8"),
    "torch.CharStorage": np.dtype("int8"),
    "torch.ShortStorage": np.dtype("int16"),
    "torch.IntStorage": np.dtype("int32"),
    "torch.LongStorage": np.dtype("int64"),
    "torch.HalfStorage": np.dtype("float16"),
    "torch.BFloat16Storage": np.dtype("bfloat16"),
    "torch.FloatStorage": np.dtype("float32"),
    "torch.DoubleStorage": np.dtype("float64"),
}


@dataclasses.dataclass(frozen=True)
class TorchStorage:
    """A storage as a pickle describes it.

    Args:
        key: str. Its name in the file.
        dtype: np.dtype.
        count: int. How many values it has.
    """

    key: str
    dtype: np.dtype
    count: int

    @classmethod
    def from_id(cls, identity: Any) -> TorchStorage:
        """Read a pickle's persistent id: ("storage", type, key, device, count), and None in files before 1.6.

        Args:
            identity: What the pickle holds, which may be anything.

        Returns:
            The storage.

        Raises:
            ValueError: If it is no storage.
        """
        fault = "its pickle refers to something else than a storage of PyTorch 0.4 or later"
        if not isinstance(identity, tuple) or len(identity) not in (5, 6):
            raise ValueError(fault)
        kind, dtype, key, _, count, *view = identity
        if (
            not isinstance(kind, str)
            or kind != "storage"
            or not isinstance(dtype, np.dtype)
            or view not in ([], [None])
        ):
            raise ValueError(fault)
        if not isinstance(key, str) or not is_count(count):
            raise ValueError("its pickle describes a storage without a key or a count")
        return cls(key, dtype, count)
