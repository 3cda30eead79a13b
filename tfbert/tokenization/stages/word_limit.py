"""Words of too many characters become unknown, whatever pieces they have."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfbert.tokenization.stages.pieces import Pieces


class WordLimit:
    """Puts one unknown piece in place of all pieces of a word that has too many characters.

    The kernel's own limit counts bytes, so it is set too high to matter, and the characters are counted in the pieces.

    Args:
        characters: Sequence of int. The number of characters of each piece of the kernel.
        continues: Sequence of bool. Whether each piece of the kernel continues a word.
        unknown: int. The kernel's unknown piece.
        max_characters: int. A longer word is unknown.
    """

    def __init__(self, characters: Sequence[int], continues: Sequence[bool], unknown: int, max_characters: int):
        self._characters = tf.constant(characters, tf.int32)  # of which alone LiteRT has sums
        self._continues = tf.constant(continues, tf.bool)
        self._unknown = unknown
        self._max_characters = min(max_characters, tf.int32.max)

    def __call__(self, pieces: Pieces) -> Pieces:
        """Return pieces with too long words made unknown."""
        begins_word = ~tf.gather(self._continues, pieces.ids)
        word = tf.cumsum(tf.cast(begins_word, tf.int32)) - 1
        word_characters = tf.math.segment_sum(tf.gather(self._characters, pieces.ids), word)
        is_long = tf.gather(word_characters, word) > self._max_characters
        kept = begins_word | ~is_long
        kept_before = tf.concat([[0], tf.cumsum(tf.cast(kept, tf.int64))], axis=0)
        which = tf.where(kept)[:, 0]
        ids = tf.gather(tf.where(is_long, self._unknown, pieces.ids), which)
        row_splits = tf.gather(kept_before, pieces.row_splits)
        if pieces.starts is None:
            return Pieces(ids, row_splits)
        word_end = tf.gather(tf.math.segment_max(pieces.ends, word), word)
        ends = tf.where(is_long, word_end, pieces.ends)
        return Pieces(ids, row_splits, tf.gather(pieces.starts, which), tf.gather(ends, which))
