"""F1Score: precision and recall of classes in one number."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.training.metrics.counted import counted_weights
from tfbert.training.metrics.match_counts import MatchCounts, averaged, check_average


@keras.saving.register_keras_serializable(package="tfbert")
class F1Score(MatchCounts):
    """F1 over class numbers, or over rows of 0 and 1; the label -100 does not count.

    `keras.metrics.F1Score` takes one-hot rows only, and averages over classes that nobody has seen.

    Args:
        average: str or None, default "macro": the mean over classes, without those that neither a label nor an answer
            has. "micro" is that of all counts together, "weighted" the mean by the number of labels, None one number
            for each class.
        multi_label: bool, default False. Labels are rows of 0 and 1, and logits above 0 say 1; "macro" counts every
            class then.
        num_classes: int or None, default None. K; None is as many as the first logits have.
        name: str, default "f1".
        dtype: str or None.

    Returns:
        float32, or [K] without an average. A class without labels or without answers has 0.

    Raises:
        ValueError: If an argument is out of range, or labels and logits do not fit each other.

    Example:
        >>> metric = F1Score("micro", multi_label=True)
        >>> metric.update_state([[1, 0], [1, 1]], [[2.0, 1.0], [3.0, -1.0]])
        >>> round(float(metric.result()), 3)
        0.667

    Source: `f1_score` of scikit-learn.
    """

    def __init__(self, average="macro", multi_label=False, num_classes=None, name="f1", dtype=None):
        check_average(average)
        super().__init__(num_classes, name=name, dtype=dtype)
        self.average = average
        self.multi_label = multi_label

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred)
        classes = self.checked_classes(y_pred)
        if not self.multi_label:
            if y_true.shape.rank == y_pred.shape.rank and y_true.shape[-1] != 1:
                raise ValueError(
                    f"`y_true` must hold one class number for each row of logits {y_pred.shape}. Received: shape "
                    f"{y_true.shape}. For rows of 0 and 1 write F1Score(multi_label=True)."
                )
            self.add_classes(y_true, y_pred, sample_weight)
            return
        if not y_true.shape.is_compatible_with(y_pred.shape):
            raise ValueError(f"`y_true` must be rows of 0 and 1, {y_pred.shape}. Received: shape {y_true.shape}.")
        weights = tf.reshape(counted_weights(y_true, sample_weight), [-1, classes])
        found, there = (tf.reshape(tf.cast(values > 0, tf.float32), [-1, classes]) for values in (y_pred, y_true))
        self.add_counts(*(tf.reduce_sum(weights * matches, axis=0) for matches in (found * there, found, there)))

    def result(self):
        if self.counts is None:
            return tf.constant(0.0)
        right, found, there = tf.unstack(tf.convert_to_tensor(self.counts))
        if self.average == "micro":
            right, found, there = (tf.reduce_sum(values) for values in (right, found, there))
        scores = tf.math.divide_no_nan(2 * right, found + there)
        if self.average in (None, "micro"):
            return scores
        if self.average == "weighted":
            return averaged(scores, there)
        return averaged(scores, tf.ones_like(there) if self.multi_label else found + there > 0)

    def get_config(self):
        return {**super().get_config(), "average": self.average, "multi_label": self.multi_label}
