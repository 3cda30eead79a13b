"""MatthewsCorrelation: how labels and answers go together, whatever the sizes of the classes."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.training.metrics.match_counts import MatchCounts


@keras.saving.register_keras_serializable(package="tfbert")
class MatthewsCorrelation(MatchCounts):
    """Matthews' correlation coefficient of class numbers, for two classes or more; the label -100 does not count.

    Args:
        num_classes: int or None, default None. K; None is as many as the first logits have.
        name: str, default "matthews_correlation".
        dtype: str or None.

    Returns:
        float32 from -1 to 1; 0 where all labels or all answers are of one class.

    Example:
        >>> metric = MatthewsCorrelation()
        >>> metric.update_state([1, 0, -100], [[0.0, 2.0], [3.0, 0.0], [1.0, 0.0]])
        >>> float(metric.result())
        1.0

    Source: Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient" (2004);
        `matthews_corrcoef` of scikit-learn.
    """

    def __init__(self, num_classes=None, name="matthews_correlation", dtype=None):
        super().__init__(num_classes, name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.add_classes(y_true, y_pred, sample_weight)

    def result(self):
        if self.counts is None:
            return tf.constant(0.0)
        # Products of counts cancel each other, which float32 does not bear.
        right, found, there = tf.unstack(tf.cast(tf.convert_to_tensor(self.counts), tf.float64))
        total = tf.reduce_sum(there)

        def covariance(agreed, one, other):
            return agreed * total - tf.reduce_sum(one * other)

        variances = covariance(total, found, found) * covariance(total, there, there)
        together = covariance(tf.reduce_sum(right), found, there)
        return tf.cast(tf.math.divide_no_nan(together, tf.sqrt(variances)), tf.float32)
