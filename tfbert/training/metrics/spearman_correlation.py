"""SpearmanCorrelation: how well scores put rows in the order of their labels."""

from __future__ import annotations

import logging

import keras
import tensorflow as tf

from tfbert.option_checks import check_count
from tfbert.training.distributed.replicas import rows_of_all_replicas
from tfbert.training.metrics.correlation import correlation, moments, paired_values

IN_A_STEP = 1024  # rows that count for the logs of a step, which sorts anew each time
logger = logging.getLogger("tfbert")


@keras.saving.register_keras_serializable(package="tfbert")
class SpearmanCorrelation(keras.metrics.Metric):
    """Spearman's rank correlation of labels and scores; rows of one value share their mean rank.

    Ranks need all rows, so the metric keeps them, in a variable of fixed size that XLA bears too. `result()` is of all
    rows; inside a graph, as in the logs of a step, it is of the last 1,024.

    Args:
        capacity: int, default 131072. How many rows are kept; of more, the last ones count, and a warning says so.
        name: str, default "spearman".
        dtype: str or None.

    Returns:
        float32 from -1 to 1; nan for fewer than two rows, and where labels or scores are all the same, or one is nan.

    Raises:
        ValueError: If `capacity` is below 2, or weights are given, which ranks do not have.

    Example:
        >>> metric = SpearmanCorrelation()
        >>> metric.update_state([1.0, 2.0, 3.0], [[0.0], [0.1], [9.0]])
        >>> float(metric.result())
        1.0

    Source: `spearmanr` of SciPy.
    """

    def __init__(self, capacity=2**17, name="spearman", dtype=None):
        check_count("capacity", capacity, least=2)
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        self.capacity = capacity
        # Every replica keeps the rows of all.
        self.rows = self.add_variable((capacity, 2), "zeros", "float32", aggregation="only_first_replica", name="rows")
        self.count = self.add_variable((), "zeros", "int64", aggregation="only_first_replica", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            raise ValueError(
                "SpearmanCorrelation takes no weights. Write compile(metrics=[SpearmanCorrelation()]), "
                "not `weighted_metrics`."
            )
        rows = rows_of_all_replicas(tf.cast(tf.stack(paired_values(y_true, y_pred), axis=1), tf.float32))
        count = tf.convert_to_tensor(self.count) + tf.shape(rows, tf.int64)[0]
        rows = rows[-self.capacity :]
        places = (count - 1 - tf.range(tf.shape(rows, tf.int64)[0])[::-1]) % self.capacity
        self.rows.assign(tf.tensor_scatter_nd_update(tf.convert_to_tensor(self.rows), places[:, None], rows))
        self.count.assign(count)

    def result(self):
        count = tf.convert_to_tensor(self.count)
        if tf.executing_eagerly():
            if count > self.capacity:
                logger.warning(
                    "SpearmanCorrelation is of the last %d of %d rows. For all of them write "
                    "SpearmanCorrelation(capacity=%d).", self.capacity, int(count), int(count),
                )  # fmt: skip
            kept = tf.minimum(count, self.capacity)
        else:
            kept = tf.constant(min(IN_A_STEP, self.capacity), tf.int64)
        age = tf.range(kept)
        there = age < count
        rows = tf.gather(tf.convert_to_tensor(self.rows), (count - 1 - age) % self.capacity)
        labels, scores = (_ranks(tf.where(there, values, float("inf"))) for values in tf.unstack(rows, axis=1))
        found = correlation(moments(labels, scores, tf.cast(there, tf.float64)))
        has_nan = tf.reduce_any(tf.math.is_nan(rows) & there[:, None])
        return tf.where(has_nan, float("nan"), found)

    def get_config(self):
        return {**super().get_config(), "capacity": self.capacity}


def _ranks(values: tf.Tensor) -> tf.Tensor:
    """The rank of each value, float64 [N]: the mean of the places that its equals take in their order."""
    ordered = tf.sort(values)
    first, behind = (tf.searchsorted(ordered, values, side) for side in ("left", "right"))
    return tf.cast(first + behind + 1, tf.float64) / 2
