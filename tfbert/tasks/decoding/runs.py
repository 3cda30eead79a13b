"""Runs of neighbours in a flat tensor: tokens of a word, words of an entity."""

from __future__ import annotations

from typing import NamedTuple, Self

import tensorflow as tf


class Runs(NamedTuple):
    """N values in M runs, one run after the other.

    Args:
        begins: bool [N]. Whether a run begins at a value.
        of: int32 [N]. The run that each value is in.
        first: int32 [M]. The first value of each run.
        last: int32 [M]. Its last value.
    """

    begins: tf.Tensor
    of: tf.Tensor
    first: tf.Tensor
    last: tf.Tensor

    @classmethod
    def beginning_at(cls, begins: tf.Tensor) -> Self:
        """Return the runs that begin where `begins`, bool [N], is true; it must be true at the first value.

        Example:
            >>> Runs.beginning_at(tf.constant([True, False, True])).last.numpy().tolist()
            [1, 2]
        """
        first = tf.cast(tf.where(begins)[:, 0], tf.int32)
        last = tf.concat([first, [tf.size(begins)]], axis=0)[1:] - 1
        return cls(begins, tf.cumsum(tf.cast(begins, tf.int32)) - 1, first, last)

    def sum(self, values: tf.Tensor) -> tf.Tensor:
        """Return the sums of values [N, …] over the runs, [M, …]."""
        return tf.math.unsorted_segment_sum(values, self.of, tf.size(self.first))

    def mean(self, values: tf.Tensor) -> tf.Tensor:
        """Return the means of values, float [N, …], over the runs, [M, …]; what is no number does not count."""
        counted = ~tf.math.is_nan(values)
        return self.sum(tf.where(counted, values, 0.0)) / self.sum(tf.cast(counted, values.dtype))

    def place_of_max(self, values: tf.Tensor) -> tf.Tensor:
        """Return where the greatest of values, float [N], stands in each run, int32 [M]; the first of equal ones."""
        runs, size = tf.size(self.first), tf.size(values)
        highest = tf.gather(tf.math.unsorted_segment_max(values, self.of, runs), self.of)
        place = tf.where(values < highest, size, tf.range(size))
        return tf.math.unsorted_segment_min(place, self.of, runs)
