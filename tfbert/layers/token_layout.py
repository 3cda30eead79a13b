"""How the tokens that the encoder works on, flat [N, …], sit in the batch [B, S, …].

Letters: B batch, S positions, N tokens.
"""

from __future__ import annotations

import tensorflow as tf


class PaddedLayout:
    """Every position is a token, N = B·S: both directions are a reshape.

    Args:
        batch_size: int or int32 scalar. B.
        length: int or int32 scalar. S.
    """

    def __init__(self, batch_size: tf.Tensor | int, length: tf.Tensor | int):
        self._batch_size, self._length = batch_size, length

    def flatten(self, dense: tf.Tensor) -> tf.Tensor:
        """[B, S, …] to [N, …]."""
        return tf.reshape(dense, [-1, *dense.shape[2:]])

    def unflatten(self, flat: tf.Tensor) -> tf.Tensor:
        """[N, …] to [B, S, …]."""
        return tf.reshape(flat, [self._batch_size, self._length, *flat.shape[1:]])


class PackedLayout:
    """Only real tokens are kept, N <= B·S: a gather one way, a scatter the other; padding comes back as zeros.

    The first position of a row is kept even where the mask hides it, because the pooler reads it.

    Args:
        attention_mask: int [B, S]. Above 0 at real tokens.
    """

    def __init__(self, attention_mask: tf.Tensor):
        self._shape = tf.shape(attention_mask)  # [B, S]
        is_first = tf.expand_dims(tf.range(self._shape[1]) == 0, 0)  # [1, S]
        kept = tf.reshape((attention_mask > 0) | is_first, [-1])  # [B·S]
        self._positions = tf.cast(tf.where(kept), tf.int32)  # [N, 1]

    def flatten(self, dense: tf.Tensor) -> tf.Tensor:
        """[B, S, …] to [N, …]."""
        return tf.gather_nd(tf.reshape(dense, [-1, *dense.shape[2:]]), self._positions)

    def unflatten(self, flat: tf.Tensor) -> tf.Tensor:
        """[N, …] to [B, S, …], zeros at padding."""
        trailing = flat.shape[1:]
        dense = tf.scatter_nd(self._positions, flat, [tf.reduce_prod(self._shape), *trailing])  # [B·S, …]
        return tf.reshape(dense, [self._shape[0], self._shape[1], *trailing])


TokenLayout = PaddedLayout | PackedLayout
