"""TokenAccuracy: the share of tokens whose best class is right."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.training.accuracy import Accuracy


@keras.saving.register_keras_serializable(package="tfbert")
class TokenAccuracy(Accuracy):
    """Accuracy over the labels of tokens, [B, S], that passes over the label -100.

    Args:
        name: str, default "accuracy".
        **kwargs: Further arguments of `Accuracy`.

    Example:
        >>> metric = TokenAccuracy()
        >>> metric.update_state([[1, -100]], [[[0.0, 2.0], [3.0, 0.0]]])
        >>> float(metric.result())
        1.0
    """

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred)
        if sample_weight is not None and len(sample_weight.shape) == 1:  # one for each row
            sample_weight = tf.broadcast_to(tf.expand_dims(sample_weight, 1), tf.shape(y_true))
        return super().update_state(y_true, tf.reshape(y_pred, [-1, tf.shape(y_pred)[-1]]), sample_weight)
