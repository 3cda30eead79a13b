"""KeyValues: the keys and values that a decoder has computed for earlier positions.

Letters: B batch, H heads, P earlier positions, S new positions, M room of a fixed cache, K width of a head.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf


class KeyValues(NamedTuple):
    """Keys and values of earlier positions, which new ones join.

    Args:
        key: float [B, H, P, K], or [B, H, M, K] where the cache has a fixed size.
        value: float, of the same shape.
        write_at: int32 scalar or None. Column at which new positions are written into a cache of fixed size; None
            appends them, so that the cache grows.
    """

    key: Any
    value: Any
    write_at: Any = None

    @property
    def length(self) -> Any:
        """The column of the next new position."""
        return tf.shape(self.key)[2] if self.write_at is None else self.write_at

    def joined(self, key: tf.Tensor, value: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the keys and values of all positions.

        Args:
            key: float [B, H, S, K]. Keys of the new positions.
            value: float [B, H, S, K].

        Returns:
            Two tensors [B, H, P + S, K], or [B, H, M, K].
        """
        pairs = ((self.key, key), (self.value, value))
        if self.write_at is None:
            return tuple(tf.concat([tf.cast(old, new.dtype), new], axis=2) for old, new in pairs)
        return tuple(_written(tf.cast(old, new.dtype), new, self.write_at) for old, new in pairs)


def _written(old, new, start):
    """`old` [B, H, M, K] with `new` [B, H, S, K] in its columns from `start` on; by a select, which XLA fuses."""
    columns = tf.range(tf.shape(old)[2]) - start  # [M]
    count = tf.shape(new)[2]
    spread = tf.gather(new, tf.clip_by_value(columns, 0, count - 1), axis=2)  # [B, H, M, K]
    is_new = (columns >= 0) & (columns < count)
    # The shape of a loop's state must not be lost.
    return tf.ensure_shape(tf.where(is_new[:, None], spread, old), old.shape)
