"""LowRankAdapter: a dense layer that learns by a product of two narrow matrices.

Letters: D width of the input, U units, P adapted parts of the units, R rank.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class LowRankAdapter(keras.layers.Layer):
    """A built dense layer and low-rank changes of its kernel, each of one part of its columns.

    A kernel that holds several projections side by side, such as query, key and value, is adapted by projection. The
    change begins as 0.

    Args:
        dense: A built `keras.layers.Dense` without an activation.
        rank: int. R.
        scale: float. Factor of the change.
        parts: int, default 1. Into how many parts of equal width the columns fall.
        adapted: Sequence of int, default (0,). The parts that change.

    Returns:
        Called with [..., D], a float tensor [..., U].

    Example:
        >>> dense = keras.layers.Dense(6)
        >>> dense.build((None, 4))
        >>> layer = LowRankAdapter(dense, rank=2, scale=1.0, parts=3, adapted=(0, 2))
        >>> layer.build()
        >>> layer(tf.ones([5, 4])).shape, [tuple(weight.shape) for weight in layer.weights]
        (TensorShape([5, 6]), [(4, 4), (2, 2, 2), (4, 6), (6,)])

    Source: Hu et al., "LoRA" (2021), section 4.1. `keras.layers.Dense.enable_lora` draws its first matrix likewise, but
    has one for all columns, and forgets it when weights are loaded.
    """

    def __init__(self, dense, rank, scale, parts=1, adapted=(0,), **kwargs):
        super().__init__(**{"name": dense.name, "dtype": dense.dtype_policy, **kwargs})
        self.dense = dense
        self.rank = rank
        self.scale = scale
        self.parts = parts
        self.adapted = tuple(adapted)

    def build(self, input_shape=None):
        width, units = self.dense.kernel.shape
        count = len(self.adapted)
        self.lora_a = self.add_weight(
            name="lora_a", shape=(width, count * self.rank), initializer=keras.initializers.HeUniform()
        )
        self.lora_b = self.add_weight(name="lora_b", shape=(count, self.rank, units // self.parts), initializer="zeros")
        self.built = True

    def call(self, inputs):
        narrow = tf.matmul(inputs, tf.convert_to_tensor(self.lora_a))  # [..., P·R]
        return self.dense(inputs) + self.scale * tf.matmul(narrow, self._wide())

    @property
    def kernel(self) -> tf.Tensor:
        """The kernel [D, U] that this layer acts as."""
        change = tf.matmul(tf.convert_to_tensor(self.lora_a), self._wide())
        return self.dense.kernel + tf.cast(self.scale * change, self.dense.kernel.dtype)

    @property
    def bias(self) -> Any:
        """The bias [U] of the dense layer."""
        return self.dense.bias

    def merged(self) -> keras.layers.Dense:
        """Return the dense layer with the change in its kernel."""
        self.dense.kernel.assign(self.kernel)
        return self.dense

    def _wide(self) -> tf.Tensor:
        """[P·R, U]: the second matrix of each adapted part at its own columns, 0 elsewhere."""
        matrices = tf.convert_to_tensor(self.lora_b)
        width = matrices.shape[-1]
        columns = [
            tf.pad(matrices[row], [[0, 0], [part * width, (self.parts - 1 - part) * width]])
            for row, part in enumerate(self.adapted)
        ]
        return tf.concat(columns, axis=0)
