"""Perplexity: among how many pieces a language model is at a loss."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.training.losses.label_losses import IGNORED_LABEL
from tfbert.training.metrics.counted import counted_weights


@keras.saving.register_keras_serializable(package="tfbert")
class Perplexity(keras.metrics.Mean):
    """e to the power of the mean loss over all labels that are not -100, of masked or causal language models.

    Args:
        shift: bool, default False. Compare each position's logits with the label of the next one, as causal models do.
        name: str, default "perplexity".
        dtype: str or None.

    Returns:
        float32 of at least 1; nan where no label counts.

    Example:
        >>> metric = Perplexity()
        >>> metric.update_state([[3, -100]], tf.zeros([1, 2, 8]))
        >>> round(float(metric.result()), 4)
        8.0

    Source: `keras_hub.metrics.Perplexity`.
    """

    def __init__(self, shift=False, name="perplexity", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._direction = "down"
        self.shift = shift
        # The loss of the models, so that a graph with both computes it once.
        self._loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=IGNORED_LABEL, reduction=None
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = tf.convert_to_tensor(y_true), tf.cast(tf.convert_to_tensor(y_pred), tf.float32)
        weights = counted_weights(y_true, sample_weight)
        if self.shift:
            y_true, y_pred, weights = y_true[:, 1:], y_pred[:, :-1], weights[:, 1:]
        losses = self._loss(y_true, y_pred)
        super().update_state(losses, weights)

    def result(self):
        return tf.where(tf.convert_to_tensor(self.count) > 0, tf.exp(super().result()), float("nan"))

    def get_config(self):
        return {**super().get_config(), "shift": self.shift}
