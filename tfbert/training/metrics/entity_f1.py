"""EntityF1: how many entities were found whole, with their kind."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.training.losses.label_losses import IGNORED_LABEL
from tfbert.training.metrics.match_counts import MatchCounts, averaged, check_average

OUTSIDE = -1  # the kind of what is in no entity


@keras.saving.register_keras_serializable(package="tfbert")
class EntityF1(MatchCounts):
    """F1 over entities, read off labels such as "B-PER", "I-PER" and "O"; one is right if both ends and its kind are.

    An entity begins at "B-" or "S-", after "E-" or "S-", and wherever the kind changes, so that "I-" after "O" begins
    one too. A name without such a prefix is read as with "I-", where seqeval would take its first letter for one.
    Labels of -100, as of the further pieces of a word, are left out before that, together with the answers there.

    Args:
        labels: Sequence of str. The names of the classes, in their order.
        average: str or None, default "micro": that of all entities together. "macro" is the mean over the kinds that
            occur, "weighted" that by the number of entities, None one number for each of `kinds`.
        name: str, default "f1".
        dtype: str or None.

    Returns:
        float32, or one for each kind without an average; 0 where there is nothing to find or nothing was found.
        `precision()` and `recall()` are the same for these.

    Raises:
        ValueError: If `labels` are no names, or weights are not one for each row.

    Example:
        >>> metric = EntityF1(["O", "B-PER", "I-PER"])
        >>> metric.update_state([[1, 2, -100, 0]], tf.one_hot([[1, 2, 0, 0]], 3))
        >>> float(metric.result())
        1.0

    Source: seqeval in its default mode, which follows conlleval of CoNLL-2000.
    """

    def __init__(self, labels, average="micro", name="f1", dtype=None):
        labels = [] if isinstance(labels, str) else list(labels)
        if not labels or not all(isinstance(label, str) and label for label in labels):
            raise ValueError("`labels` must be the names of the classes: EntityF1(task.label_names()).")
        check_average(average)
        parts = [_prefix_and_kind(label) for label in labels]
        kinds = sorted({kind for prefix, kind in parts if prefix != "O"})
        super().__init__(max(len(kinds), 1), name=name, dtype=dtype)
        self.labels = labels
        self.average = average
        self.kinds = kinds
        self._kind = np.array([OUTSIDE if prefix == "O" else kinds.index(kind) for prefix, kind in parts], np.int32)
        self._begins = np.array([prefix in "BS" for prefix, _ in parts])
        self._closes = np.array([prefix in "ES" for prefix, _ in parts])

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = tf.cast(tf.convert_to_tensor(y_true), tf.int32), tf.convert_to_tensor(y_pred)
        if y_true.shape.rank != 2 or y_pred.shape.rank != 3 or y_pred.shape[2] != len(self.labels):
            raise ValueError(
                f"`y_true` must be class numbers [B, S] and `y_pred` logits [B, S, {len(self.labels)}]. "
                f"Received: {y_true.shape} and {y_pred.shape}."
            )
        y_true, y_pred = _counted_first(y_true, tf.argmax(y_pred, axis=2, output_type=tf.int32))
        (kind, starts, ends), (answered, begun, done) = self._entities(y_true), self._entities(y_pred)

        # A begin in either starts a new stretch; two ends in one stretch have the same begin if both began there.
        both_begin = tf.reshape(starts & begun, [-1])
        stretch = tf.cumsum(tf.cast(tf.reshape(starts | begun, [-1]), tf.int32))
        shared = tf.math.unsorted_segment_max(tf.cast(both_begin, tf.int32), stretch, tf.size(stretch) + 1)
        same_begin = tf.reshape(tf.gather(shared, stretch) > 0, tf.shape(starts))
        right = ends & done & (kind == answered) & same_begin

        weights = tf.broadcast_to(_row_weights(sample_weight), tf.shape(kind))
        self.add_counts(*(self._count(*pair, weights) for pair in ((right, kind), (done, answered), (ends, kind))))

    def _entities(self, labels):
        """The kind at each position, and where entities begin and end, each [B, S]."""
        inside = labels >= 0
        label = tf.maximum(labels, 0)
        kind = tf.where(inside, tf.gather(self._kind, label), OUTSIDE)
        inside = kind != OUTSIDE
        breaks_off = tf.pad(tf.gather(self._closes, label)[:, :-1], [[0, 0], [1, 0]])
        before = tf.pad(kind[:, :-1], [[0, 0], [1, 0]], constant_values=OUTSIDE)
        starts = inside & (tf.gather(self._begins, label) | breaks_off | (kind != before))
        goes_on = tf.pad((inside & ~starts)[:, 1:], [[0, 0], [0, 1]])
        return kind, starts, inside & ~goes_on

    def _count(self, marked, kind, weights):
        """The number of marked positions of each kind, [K]."""
        counted = tf.where(marked, weights, 0.0)
        kind = tf.maximum(kind, 0)
        return tf.math.unsorted_segment_sum(tf.reshape(counted, [-1]), tf.reshape(kind, [-1]), self.num_classes)

    def precision(self):
        """Return the share of entities found that are right."""
        right, found, there = self._counts()
        return self._averaged(tf.math.divide_no_nan(right, found), found, there)

    def recall(self):
        """Return the share of entities that were found."""
        right, found, there = self._counts()
        return self._averaged(tf.math.divide_no_nan(right, there), found, there)

    def result(self):
        right, found, there = self._counts()
        return self._averaged(tf.math.divide_no_nan(2 * right, found + there), found, there)

    def _counts(self):
        counts = tf.unstack(tf.convert_to_tensor(self.counts))
        return [tf.reduce_sum(values) for values in counts] if self.average == "micro" else counts

    def _averaged(self, values, found, there):
        if self.average in (None, "micro"):
            return values
        return averaged(values, there if self.average == "weighted" else found + there > 0)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, "labels": self.labels, "average": self.average}


def _prefix_and_kind(label: str) -> tuple[str, str]:
    """Where in an entity a label stands, one of "BIESO", and of which kind that is."""
    if label == "O":
        return "O", ""
    if label[0] in "BIES" and label[1:2] in ("", "-"):
        return label[0], label[2:] or "_"
    return "I", label


def _counted_first(y_true: tf.Tensor, answers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels and answers [B, S] with those that count at the front of their row, and -100 behind them."""
    is_ignored = y_true == IGNORED_LABEL
    order = tf.argsort(tf.cast(is_ignored, tf.int32), axis=1, stable=True)
    answers = tf.where(is_ignored, IGNORED_LABEL, answers)
    return tf.gather(y_true, order, batch_dims=1), tf.gather(answers, order, batch_dims=1)


def _row_weights(sample_weight: Any) -> tf.Tensor:
    """Weights of rows as [B, 1], or 1 for all."""
    if sample_weight is None:
        return tf.ones([1, 1])
    weights = tf.cast(tf.convert_to_tensor(sample_weight), tf.float32)
    if weights.shape.rank != 1 and not (weights.shape.rank == 2 and weights.shape[1] == 1):
        raise ValueError(f"`sample_weight` must hold one number for each row, [B]. Received: shape {weights.shape}.")
    return tf.reshape(weights, [-1, 1])
