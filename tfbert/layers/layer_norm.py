"""BertLayerNorm: layer normalisation in few steps."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfbert")
class BertLayerNorm(keras.layers.LayerNormalization):
    """Normalises the last axis, then scales and shifts it.

    Weights, arguments and results are those of `keras.layers.LayerNormalization`, which centres the input three times
    where this does it once. Sums are float32 whatever the compute dtype.

    Returns:
        A tensor of the shape of the input.

    Source: Ba et al., "Layer normalization" (2016).
    """

    def call(self, inputs):
        centred = tf.cast(inputs, tf.float32)
        centred -= tf.reduce_mean(centred, axis=-1, keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), axis=-1, keepdims=True)
        # Deviation first: TensorFlow's remapper makes a kernel with epsilon 0.001 of some other orders.
        normalised = centred * tf.math.rsqrt(variance + self.epsilon)
        return tf.cast(
            normalised * tf.cast(self.gamma, tf.float32) + tf.cast(self.beta, tf.float32), self.compute_dtype
        )
