"""How the tokens that the encoder works on, flat [N, …], sit in the batch [B, S, …].

Letters: B batch, S positions, N tokens, P parts, H heads, K width of a head.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class TokenLayout:
    """Both directions between flat tokens and the batch, and from there to heads; one text is one row of attention."""

    def flatten(self, dense: tf.Tensor) -> tf.Tensor:
        """[B, S, …] to [N, …]."""
        raise NotImplementedError

    def unflatten(self, flat: tf.Tensor) -> tf.Tensor:
        """[N, …] to [B, S, …]."""
        raise NotImplementedError

    def split_heads(self, flat: tf.Tensor, parts: int, num_heads: int) -> list[tf.Tensor]:
        """[N, P·H·K] to P tensors [B, H, S, K]."""
        return split_heads(self.unflatten(flat), parts, num_heads)

    def merge_heads(self, context: tf.Tensor) -> tf.Tensor:
        """[B, H, S, K] to [N, H·K]."""
        shape = tf.shape(context)
        width = context.shape[1] * context.shape[3]
        return self.flatten(tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [shape[0], shape[2], width]))


class PaddedLayout(TokenLayout):
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

    def split_heads(self, flat: tf.Tensor, parts: int, num_heads: int) -> list[tf.Tensor]:
        """[N, P·H·K] to P tensors [B, H, S, K], in few steps: LiteRT reads each shape anew."""
        width = flat.shape[1] // (parts * num_heads)
        heads = tf.reshape(flat, [self._batch_size, self._length, parts * num_heads, width])
        return tf.split(tf.transpose(heads, [0, 2, 1, 3]), parts, axis=1)


class PackedLayout(TokenLayout):
    """Only real tokens are kept: a gather one way, a scatter the other; padding comes back as zeros.

    The first position of a row is kept even where the mask hides it, because the pooler reads it. N is rounded up, by
    copies of the first token that nothing reads: oneDNN prepares and keeps a kernel for each N that it meets.

    Args:
        attention_mask: int [B, S]. Above 0 at real tokens.
    """

    def __init__(self, attention_mask: tf.Tensor):
        self._shape = tf.shape(attention_mask)  # [B, S]
        is_first = tf.expand_dims(tf.range(self._shape[1]) == 0, 0)  # [1, S]
        is_kept = (attention_mask > 0) | is_first  # [B, S]
        # Reshapes tell graph optimizers ranks that a tokenizer's branches hide; oneDNN fuses more where they are known.
        self.lengths = tf.reshape(tf.math.count_nonzero(is_kept, axis=1, dtype=tf.int32), [-1])  # [B]
        self._kept = tf.cast(tf.where(tf.reshape(is_kept, [-1]))[:, 0], tf.int32)  # in B·S
        self.count = tf.size(self._kept)
        multiple = tf.where(self.count < 256, 1, tf.where(self.count < 2048, 16, 64))  # at most 6 % more
        # [N], in B·S; the first `count` are real. XLA knows no padding of unknown width, but slices.
        self.positions = tf.concat([self._kept, tf.zeros([64], tf.int32)[: -self.count % multiple]], 0)

    def flatten(self, dense: tf.Tensor) -> tf.Tensor:
        """[B, S, …] to [N, …]."""
        return tf.gather(tf.reshape(dense, [-1, *dense.shape[2:]]), self.positions)

    def unflatten(self, flat: tf.Tensor) -> tf.Tensor:
        """[N, …] to [B, S, …], zeros at padding."""
        trailing = flat.shape[1:]
        size = tf.reduce_prod(self._shape)
        dense = tf.scatter_nd(self._kept[:, None], flat[: self.count], [size, *trailing])  # [B·S, …]
        return tf.reshape(dense, [self._shape[0], self._shape[1], *trailing])


def batch_and_length(dense: tf.Tensor) -> tuple[Any, Any]:
    """B and S of [B, S, …]: ints where they are static, so that shapes stay static, else scalars."""
    dynamic = tf.shape(dense)
    batch_size, length = (dynamic[axis] if dense.shape[axis] is None else dense.shape[axis] for axis in (0, 1))
    return batch_size, length


def split_heads(dense: tf.Tensor, parts: int, num_heads: int) -> list[tf.Tensor]:
    """[B, S, P·H·K] to P tensors [B, H, S, K]."""
    shape = tf.shape(dense)
    split = tf.reshape(dense, [shape[0], shape[1], parts, num_heads, dense.shape[2] // (parts * num_heads)])
    return tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]))
