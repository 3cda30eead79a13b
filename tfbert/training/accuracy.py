"""Accuracy: the share of texts whose best class is right, without those whose label is to be ignored."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.training.losses import IGNORED_LABEL


@keras.saving.register_keras_serializable(package="tfbert")
class Accuracy(keras.metrics.SparseCategoricalAccuracy):
    """Accuracy over class numbers that passes over the label -100, as the loss does.

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
        y_true = tf.reshape(tf.convert_to_tensor(y_true), [-1])
        counted = tf.cast(y_true != IGNORED_LABEL, tf.float32)
        weights = counted if sample_weight is None else counted * tf.reshape(tf.cast(sample_weight, tf.float32), [-1])
        return super().update_state(tf.maximum(y_true, 0), y_pred, sample_weight=weights)
