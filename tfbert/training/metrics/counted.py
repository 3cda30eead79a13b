"""What metrics count: labels that are not -100, as heavy as their row."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfbert.training.losses.label_losses import IGNORED_LABEL


def counted_weights(labels: tf.Tensor, sample_weight: Any = None) -> tf.Tensor:
    """Return how much each label counts.

    Args:
        labels: Tensor [B] or [B, …]; -100 does not count.
        sample_weight: One number for each row, [B], or for each label; None is 1.

    Returns:
        float32 of the shape of the labels.

    Example:
        >>> counted_weights(tf.constant([[1, -100], [0, 0]]), [3.0, 1.0]).numpy().tolist()
        [[3.0, 0.0], [1.0, 1.0]]
    """
    weights = tf.cast(labels != IGNORED_LABEL, tf.float32)
    if sample_weight is None:
        return weights
    given = tf.cast(tf.convert_to_tensor(sample_weight), tf.float32)
    if given.shape.rank < labels.shape.rank:  # one for each row
        return weights * tf.reshape(given, [-1] + [1] * (labels.shape.rank - 1))
    return weights * tf.reshape(given, tf.shape(labels))
