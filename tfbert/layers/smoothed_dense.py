"""SmoothedDense: a dense layer whose input is of like size in all channels, for products in 8 bits."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

SMALLEST = 1e-5  # below it a channel counts as empty


class SmoothedDense(keras.layers.Layer):
    """Gives what a dense layer gives, after some of the size of each input channel was moved into its kernel.

    A few channels of BERT's vectors are ten times as large as all others. Where a vector is rounded to 8 bits, they
    take the bits from the others; a kernel, which has a scale for each output, has room for them.

    It first runs eagerly on examples, to see how large each channel becomes, then `settle` fixes the scales.

    Args:
        dense: `keras.layers.Dense`, built and without activation.

    Returns:
        A float tensor [..., units].

    Source: Xiao et al., "SmoothQuant" (2023), equation 4 with a strength of one half.
    """

    def __init__(self, dense: keras.layers.Dense, **kwargs):
        super().__init__(dtype=dense.dtype_policy, **kwargs)
        self.dense = dense
        self.largest = np.zeros(dense.kernel.shape[0], np.float32)
        self.inverse: np.ndarray | None = None
        self.kernel = self.add_weight(name="kernel", shape=dense.kernel.shape, trainable=False)
        self.built = True

    def settle(self) -> None:
        """Fix the scales: the root of each channel's size over that of its weights, 1 in the geometric mean."""
        weights = np.abs(self.dense.kernel).max(axis=1)
        scales = np.sqrt(np.maximum(self.largest, SMALLEST) / np.maximum(weights, SMALLEST))
        scales /= np.exp(np.log(scales).mean())
        self.kernel.assign(np.asarray(self.dense.kernel) * scales[:, np.newaxis])
        self.inverse = np.float32(1.0) / scales

    def call(self, inputs):
        if self.inverse is None:
            self.largest = np.maximum(self.largest, np.abs(inputs).max(axis=tuple(range(len(inputs.shape) - 1))))
            return self.dense(inputs)
        return tf.matmul(inputs * self.inverse, tf.convert_to_tensor(self.kernel)) + self.dense.bias
