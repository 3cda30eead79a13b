"""Added tokens stay whole; the text between them goes on to the next stage."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfbert.tokenization.stages.literals import FIELDS, Literal, LiteralFinder
from tfbert.tokenization.stages.pieces import Pieces, Stage, row_of_value


class AddedTokenStage:
    """Finds added tokens in texts and has the rest tokenized.

    Args:
        literals: Sequence of `Literal`, at least one.
        rest: Stage that tokenizes text without them.
        pieces: Sequence of str. The vocabulary.
    """

    def __init__(self, literals: Sequence[Literal], rest: Stage, pieces: Sequence[str]):
        self._finder = LiteralFinder(literals, pieces)
        self._contents = [literal.content for literal in literals]
        self._ids = [literal.id for literal in literals]
        self._rest = rest
        self.lookup_tables = getattr(rest, "lookup_tables", [])

    def __call__(self, text: tf.Tensor, offsets: bool) -> Pieces:
        """Tokenize text [N] string; returns `Pieces`."""
        fields = self._finder.cut(text)
        length = tf.cast(tf.strings.length(fields.values), tf.int64)
        row = row_of_value(fields.row_splits, tf.size(length))
        first = tf.gather(fields.row_splits, row)
        before = tf.cumsum(length, exclusive=True)
        start = before - tf.gather(before, first)  # in bytes of the text
        end = start + length
        which = (tf.range(tf.size(length, tf.int64)) - first) % FIELDS

        # A row is plain text, token, plain text, ..., plain text; each plain text has its pieces, each token one.
        plain, token = tf.where(which == 0)[:, 0], tf.where(which == 2)[:, 0]
        pieces = self._rest(tf.gather(fields.values, plain), offsets)
        plain_counts = pieces.row_splits[1:] - pieces.row_splits[:-1]
        counts = tf.scatter_nd(plain[:, None], plain_counts, tf.shape(length, tf.int64))
        counts = tf.tensor_scatter_nd_update(counts, token[:, None], tf.ones_like(token))
        slot = tf.cumsum(counts, exclusive=True)  # where the pieces of each field go
        of_piece = pieces.text_of_piece()
        piece_slot = tf.gather(tf.gather(slot, plain) - pieces.row_splits[:-1], of_piece)
        piece_slot += tf.range(tf.size(of_piece, tf.int64))
        slots = tf.concat([piece_slot, tf.gather(slot, token)], axis=0)[:, None]

        def arranged(of_plain, of_token):
            return tf.scatter_nd(slots, tf.concat([of_plain, of_token], axis=0), tf.reduce_sum(counts)[None])

        row_splits = tf.gather(tf.concat([slot, tf.reduce_sum(counts)[None]], axis=0), fields.row_splits)
        ids = arranged(pieces.ids, self._ids_of(tf.gather(fields.values, token)))
        if not offsets:
            return Pieces(ids, row_splits)
        plain_start = tf.gather(tf.gather(start, plain), of_piece)
        starts = arranged(pieces.starts + plain_start, tf.gather(start, token - 1))
        ends = arranged(pieces.ends + plain_start, tf.gather(end, token + 1))
        return Pieces(ids, row_splits, starts, ends)

    def _ids_of(self, contents: tf.Tensor) -> tf.Tensor:
        # Distinct ones only, or the comparison would be as large as all tokens found times all that there are.
        distinct, which = tf.unique(contents)
        found = distinct[:, None] == tf.constant(self._contents)[None, :]
        ids = tf.gather(tf.constant(self._ids, tf.int32), tf.argmax(tf.cast(found, tf.int32), axis=1))
        return tf.gather(ids, which)
