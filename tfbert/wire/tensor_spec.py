"""TensorSpec: what one input or output of a signature holds."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tfbert.wire.tensor_proto import NAME_OF, NUMBERS, STRING


@dataclasses.dataclass(frozen=True)
class TensorSpec:
    """Type and shape of one input or output.

    Args:
        dtype: int. TF Serving's number of the type, such as 7 for DT_STRING.
        shape: tuple of int or None, None for sizes that are free; or None for any shape.

    Example:
        >>> str(TensorSpec(7, (None,)))
        'DT_STRING [None]'
    """

    dtype: int
    shape: tuple[int | None, ...] | None

    @classmethod
    def of_tensor_info(cls, info: Any) -> TensorSpec:
        """Return what a TensorInfo of a SignatureDef says."""
        sizes = tuple(None if dim.size < 0 else int(dim.size) for dim in info.tensor_shape.dim)
        return cls(info.dtype, None if info.tensor_shape.unknown_rank else sizes)

    @property
    def is_string(self) -> bool:
        """Whether it holds strings."""
        return self.dtype == STRING

    @property
    def numpy_dtype(self) -> np.dtype:
        """NumPy's type: object for strings."""
        return np.dtype(object if self.is_string else NUMBERS[self.dtype][1])

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of that shape fits."""
        if self.shape is None:
            return True
        return len(shape) == len(self.shape) and all(want in (None, size) for want, size in zip(self.shape, shape))

    def __str__(self) -> str:
        return f"{NAME_OF.get(self.dtype, self.dtype)} {'of any shape' if self.shape is None else list(self.shape)}"
