"""Correlation of labels and scores, one number each for a row."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

CONSTANT = 1e-12  # values whose variance is a smaller part of their mean square are all the same but for rounding


def paired_values(y_true: Any, y_pred: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Return labels and scores, each float64 [B].

    Args:
        y_true: Numbers [B] or [B, 1].
        y_pred: Numbers [B] or [B, 1].

    Raises:
        ValueError: If either has several numbers in a row.
    """
    pair = {"y_true": tf.convert_to_tensor(y_true), "y_pred": tf.convert_to_tensor(y_pred)}
    for name, values in pair.items():
        if values.shape.rank != 1 and not (values.shape.rank == 2 and values.shape[1] in (1, None)):
            raise ValueError(f"`{name}` must hold one number for each row, [B] or [B, 1]. Received: {values.shape}.")
    labels, scores = (tf.reshape(tf.cast(values, tf.float64), [-1]) for values in pair.values())
    return labels, scores


def moments(x: tf.Tensor, y: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Return the sums that a correlation follows from, float64 [6], of values and weights [N]."""
    parts = [tf.ones_like(x), x, y, x * x, y * y, x * y]
    return tf.reduce_sum(tf.stack(parts) * weights, axis=1)


def correlation(sums: tf.Tensor) -> tf.Tensor:
    """Return Pearson's coefficient, float32, of `moments`; nan where x or y is constant."""
    count, x, y, xx, yy, xy = tf.unstack(sums)
    variance_x, variance_y = xx - x * x / count, yy - y * y / count
    found = tf.clip_by_value((xy - x * y / count) / tf.sqrt(variance_x * variance_y), -1.0, 1.0)
    varies = (variance_x > CONSTANT * xx) & (variance_y > CONSTANT * yy)
    return tf.cast(tf.where(varies, found, float("nan")), tf.float32)
