"""PearsonCorrelation: how well scores follow labels along a line."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.training.metrics.correlation import correlation, moments, paired_values


@keras.saving.register_keras_serializable(package="tfbert")
class PearsonCorrelation(keras.metrics.Metric):
    """Pearson's correlation of labels and scores over all rows; -100 is a number like others.

    `keras.metrics.PearsonCorrelation` is the mean over rows or batches, which is another number.

    Args:
        name: str, default "pearson".
        dtype: str or None.

    Returns:
        float32 from -1 to 1; nan for fewer than two rows, and where labels or scores are all the same.

    Example:
        >>> metric = PearsonCorrelation()
        >>> metric.update_state([1.0, 2.0], [[0.0], [0.5]])
        >>> metric.update_state([3.0], [[1.0]])
        >>> float(metric.result())
        1.0

    Source: `pearsonr` of SciPy.
    """

    def __init__(self, name="pearson", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        self.sums = self.add_variable(shape=(6,), initializer="zeros", dtype="float64", name="sums")

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels, scores = paired_values(y_true, y_pred)
        weights = tf.ones_like(labels)
        if sample_weight is not None:
            weights = tf.reshape(tf.cast(tf.convert_to_tensor(sample_weight), tf.float64), [-1])
        self.sums.assign_add(moments(labels, scores, weights))

    def result(self):
        return correlation(tf.convert_to_tensor(self.sums))
