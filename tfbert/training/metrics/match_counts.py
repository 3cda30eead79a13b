"""MatchCounts: of each class how much was found, how much there is, and how much of what was found is right."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.option_checks import check_count
from tfbert.training.metrics.counted import counted_weights

AVERAGES = (None, "micro", "macro", "weighted")


class MatchCounts(keras.metrics.Metric):
    """A metric that follows from three counts for each class. A sub-class counts, and says what follows.

    Args:
        num_classes: int or None, default None. K; None is as many as the first logits have. With a number the counts
            are there before the first step, which is then traced only once.
        name: str.
        dtype: str or None. Type of the counts, float32 by default.
    """

    def __init__(self, num_classes: int | None = None, name: str | None = None, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        self.num_classes = num_classes
        self.counts: Any = None  # [3, K]: right, found, there
        check_count("num_classes", num_classes, optional=True)
        if num_classes is not None:
            self._make_counts(num_classes)

    def _make_counts(self, num_classes: int) -> None:
        self.counts = self.add_variable(shape=(3, num_classes), initializer="zeros", name="counts")

    def add_counts(self, right: tf.Tensor, found: tf.Tensor, there: tf.Tensor) -> None:
        """Add the counts of a batch, each [K]."""
        if self.counts is None:
            self._make_counts(right.shape[0])
        self.counts.assign_add(tf.cast(tf.stack([right, found, there]), self.counts.dtype))

    def add_classes(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch of texts or tokens of one class each.

        Args:
            y_true: Class numbers [B] or [B, S]; -100 does not count.
            y_pred: Logits [B, K] or [B, S, K].
            sample_weight: [B], or as `y_true`.
        """
        y_true, y_pred = tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred)
        classes = self.checked_classes(y_pred)
        weights = tf.reshape(counted_weights(y_true, sample_weight), [-1])
        labels = tf.reshape(tf.cast(tf.maximum(y_true, 0), tf.int32), [-1])
        answers = tf.reshape(tf.argmax(y_pred, axis=-1, output_type=tf.int32), [-1])
        of_right = tf.where(labels == answers, weights, 0.0)
        self.add_counts(
            right=tf.math.unsorted_segment_sum(of_right, labels, classes),
            found=tf.math.unsorted_segment_sum(weights, answers, classes),
            there=tf.math.unsorted_segment_sum(weights, labels, classes),
        )

    def checked_classes(self, y_pred: tf.Tensor) -> int:
        """Return the number of classes of logits; refuse another than before."""
        classes = y_pred.shape[-1]
        expected = classes if self.counts is None else self.counts.shape[1]
        if classes is None or classes != expected:
            raise ValueError(
                f"`y_pred` must be logits of {expected or 'a known number of'} classes, [..., K]. "
                f"Received: shape {y_pred.shape}."
            )
        return classes

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


def check_average(average: Any) -> None:
    """Refuse what is no way of averaging over classes."""
    if average not in AVERAGES:
        raise ValueError(f"`average` must be one of {list(AVERAGES)}. Received: {average!r}.")


def averaged(values: tf.Tensor, counted: tf.Tensor) -> tf.Tensor:
    """Return the mean of values [K] by weights [K], 0 where none counts."""
    counted = tf.cast(counted, values.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(values * counted), tf.reduce_sum(counted))
