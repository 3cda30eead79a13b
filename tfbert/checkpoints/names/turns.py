"""How a checkpoint's arrays become one variable of ours, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tfbert.checkpoints.stored_tensor import StoredTensor

Arrays = list[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Turn:
    """How checkpoint arrays become one variable, and back.

    Args:
        name: str.
        to_variable: Function from the checkpoint's arrays, in the row's order, to the variable's array.
        to_checkpoint: The inverse: function from the variable's array to the checkpoint's arrays.
    """

    name: str
    to_variable: Callable[[Arrays], np.ndarray]
    to_checkpoint: Callable[[np.ndarray], Arrays]


KEEP = Turn("keep", lambda arrays: arrays[0], lambda array: [array])
TRANSPOSE = Turn("transpose", lambda arrays: arrays[0].T, lambda array: [array.T])


def fuse_kernels(parts: int) -> Turn:
    """Return the turn of dense layers that are computed as one: their kernels side by side.

    Args:
        parts: int. How many weights make the variable; all have one shape.

    Returns:
        A `Turn`.

    Example:
        >>> fuse_kernels(2).to_variable([np.ones([3, 4]), np.zeros([3, 4])]).shape
        (4, 6)
    """
    return Turn(
        f"fuse {parts} kernels",
        lambda arrays: np.concatenate([array.T for array in arrays], axis=1),
        lambda array: [part.T for part in np.split(array, parts, axis=1)],
    )


def fuse_biases(parts: int) -> Turn:
    """Return the turn that belongs to `fuse_kernels`, for the biases.

    Args:
        parts: int. How many weights make the variable.

    Returns:
        A `Turn`.
    """
    return Turn(f"fuse {parts} biases", np.concatenate, lambda array: np.split(array, parts))


def turned(tensor: StoredTensor, turn: Callable[[np.ndarray], np.ndarray]) -> StoredTensor:
    """Return a stored tensor in another layout; its values are still read only when they are asked for.

    Args:
        tensor: `StoredTensor`.
        turn: Function from the stored array to the wanted one; it depends on shapes alone.

    Returns:
        A `StoredTensor`.

    Raises:
        ValueError: If the tensor's shape does not let it be turned.
    """
    try:
        # A view without memory is enough to learn the shape.
        shape = turn(np.broadcast_to(np.float32(0), tensor.shape)).shape
    except (ValueError, IndexError) as error:
        raise ValueError(
            f"The tensor {tensor.name!r} of {tensor.source!r} has the shape {list(tensor.shape)}, which no BERT "
            f"weight of this name has: {error}. Check that the file is a BERT checkpoint."
        ) from error
    return dataclasses.replace(tensor, shape=shape, load=lambda: turn(tensor.load()))
