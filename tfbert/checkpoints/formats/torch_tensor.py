"""TorchTensor: a PyTorch tensor as a pickle describes it, a strided look at a storage."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from os import PathLike
from typing import Any

import numpy as np

from tfbert.checkpoints.formats.file_values import is_count, is_shape, read_values
from tfbert.checkpoints.formats.torch_storage import TorchStorage
from tfbert.checkpoints.stored_tensor import StoredTensor


@dataclasses.dataclass(frozen=True)
class TorchTensor:
    """A tensor whose values lie in a storage.

    Args:
        storage: `TorchStorage`.
        offset: int. Its first value in the storage.
        shape: tuple of int.
        strides: tuple of int. Values from one index to the next, per axis.
    """

    storage: TorchStorage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @classmethod
    def rebuild(cls, storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TorchTensor:
        """Check what a pickle gives `torch._utils._rebuild_tensor_v2`; whether it needs a gradient is left out."""
        if not isinstance(storage, TorchStorage) or not isinstance(shape, tuple) or not isinstance(strides, tuple):
            raise ValueError("its pickle builds a tensor from something else than a storage, a shape and strides")
        if not is_shape(shape) or len(shape) != len(strides) or not all(map(is_count, (offset, *strides))):
            raise ValueError("its pickle gives a tensor a shape or strides that none can have")
        return cls(storage, offset, shape, strides)

    @property
    def reach(self) -> int:
        """Number of values from the first to the last one that the tensor looks at."""
        if 0 in self.shape:
            return 0
        return 1 + sum((length - 1) * stride for length, stride in zip(self.shape, self.strides))

    def store(self, name: str, path: str | PathLike, places: Mapping[str, tuple[int, int]]) -> StoredTensor:
        """Check the tensor against its file.

        Args:
            name: str. The tensor's name.
            path: Path of the file.
            places: dict from a storage's key to its first byte and its number of bytes in the file.

        Returns:
            A `StoredTensor`, which reads no more of the file than the tensor needs.

        Raises:
            ValueError: If the file lacks the storage or holds another number of bytes, or the tensor leaves it.
        """
        start, held = places.get(self.storage.key, (0, None))
        dtype, count = self.storage.dtype, self.storage.count
        fault = None
        if held is None:
            fault = f"lies in the storage {self.storage.key!r}, which the file lacks"
        elif held != count * dtype.itemsize:
            fault = f"lies in a storage of {count} {dtype.name} values, of which the file holds {held} bytes"
        elif self.offset + self.reach > count:
            fault = f"needs {self.offset + self.reach} values of its storage, which has {count}"
        if fault:
            raise ValueError(
                f"{str(path)!r} is truncated or corrupt: tensor {name!r} {fault}. Fetch the checkpoint again."
            )
        load = partial(self._load, path, name, start + self.offset * dtype.itemsize)
        return StoredTensor(name, self.shape, dtype.name, str(path), load)

    def _load(self, path: str | PathLike, name: str, offset: int) -> np.ndarray:
        dtype = self.storage.dtype
        values = read_values(path, name, dtype, offset, (self.reach,))
        strides = [stride * dtype.itemsize for stride in self.strides]
        # A view: a tensor that repeats its values along an axis takes no more memory than they do.
        return np.lib.stride_tricks.as_strided(values, self.shape, strides, writeable=False)
