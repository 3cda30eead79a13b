"""Buckets: the few lengths, or numbers of rows, that inputs are padded to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Size = Any  # int where it is static, else an int32 scalar


def bucket_of(size: Size, buckets: Sequence[int]) -> Size:
    """Return the least bucket that holds so many; the size itself where none does.

    Args:
        size: int, or int32 scalar.
        buckets: Sequence of int, ascending.

    Returns:
        int, or int32 scalar, as `size` is.

    Example:
        >>> bucket_of(17, (16, 32, 48))
        32
    """
    if isinstance(size, int):
        return next((bucket for bucket in buckets if bucket >= size), size)
    import tensorflow as tf  # options of packing are read without it, too

    place = tf.searchsorted(tf.constant(buckets), tf.expand_dims(size, 0))
    return tf.maximum(tf.gather([*buckets, 0], place[0]), size)
