"""Word pieces of a batch, as every stage of the tokenizer returns them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Pieces(NamedTuple):
    """The pieces of N texts, one text after the other.

    Args:
        ids: int32 [P].
        row_splits: int64 [N + 1]. Text n holds the pieces row_splits[n] to row_splits[n + 1].
        starts: int64 [P] or None. Where each piece begins, in bytes of its text.
        ends: int64 [P] or None. The byte after its last.
        lengths: int32 [N] or None. How many of its pieces each text keeps, from the first; None is all.
    """

    ids: tf.Tensor
    row_splits: tf.Tensor
    starts: tf.Tensor | None = None
    ends: tf.Tensor | None = None
    lengths: tf.Tensor | None = None

    def ragged(self, values: tf.Tensor) -> tf.RaggedTensor:
        """Return values [P] as rows, one for each text."""
        return tf.RaggedTensor.from_row_splits(values, self.row_splits, validate=False)

    def text_of_piece(self) -> tf.Tensor:
        """Return the text that each piece belongs to, int64 [P]."""
        return row_of_value(self.row_splits, tf.size(self.ids))


def row_of_value(row_splits: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Return the row that each of `size` values belongs to, int64 [size].

    `RaggedTensor.value_rowids` does it by way of a matrix as wide as the longest row: one long text makes that too big.
    """
    values = tf.range(tf.cast(size, row_splits.dtype))
    return tf.cast(tf.searchsorted(row_splits, values, side="right"), tf.int64) - 1


Stage = Callable[[tf.Tensor, bool], Pieces]
"""A stage of the tokenizer: (text [N] string, whether offsets are wanted) to the `Pieces` of that text."""
