"""Accuracy: the share of texts or tokens whose best class is right, without those whose label is to be ignored."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.training.metrics.counted import counted_weights


@keras.saving.register_keras_serializable(package="tfbert")
class Accuracy(keras.metrics.SparseCategoricalAccuracy):
    """Accuracy over class numbers [B] or [B, S] that passes over the label -100, as the loss does.

    Args:
        name: str, default "accuracy".
        **kwargs: Further arguments of `keras.metrics.SparseCategoricalAccuracy`.

    Example:
        >>> metric = Accuracy()
        >>> metric.update_state([1, -100], [[0.0, 2.0], [3.0, 0.0]])
        >>> float(metric.result())
        1.0
    """

    def __init__(self, name="accuracy", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred)
        weights = tf.reshape(counted_weights(y_true, sample_weight), [-1])
        classes = tf.reshape(y_pred, [-1, tf.shape(y_pred)[-1]])
        return super().update_state(tf.reshape(tf.maximum(y_true, 0), [-1]), classes, weights)
