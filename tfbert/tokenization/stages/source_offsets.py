"""Offsets in normalised text, back to offsets in the text it came from."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfbert.tokenization.stages.pieces import Pieces


def _well_formed() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each first byte of a character: its length, and the range of its second byte (Unicode, table 3-7)."""
    length = np.ones(256, np.int64)
    length[0xC2:0xE0], length[0xE0:0xF0], length[0xF0:0xF5] = 2, 3, 4
    low, high = np.full(256, 0x80, np.int64), np.full(256, 0xBF, np.int64)
    low[0xE0], high[0xED], low[0xF0], high[0xF4] = 0xA0, 0x9F, 0x90, 0x8F
    return length, low, high


LENGTH, SECOND_LOW, SECOND_HIGH = _well_formed()


def to_source_offsets(pieces: Pieces, text: tf.Tensor, source: tf.RaggedTensor) -> Pieces:
    """Carry the offsets of pieces of normalised text over to the text that was normalised.

    A piece ends where the last character that it came from ends; what the normalizer deleted behind it stays outside.

    Args:
        pieces: `Pieces` of the normalised text, with offsets.
        text: [N] string. The text before.
        source: Ragged int64 [N, (bytes + 1)]. For each byte of the normalised text the byte of `text` it came from.

    Returns:
        `Pieces` with offsets into `text`.
    """
    row = pieces.text_of_piece()
    first = tf.gather(source.row_splits, row)
    starts = tf.gather(source.values, first + pieces.starts)
    last = tf.gather(source.values, first + pieces.ends - 1)
    length = tf.cast(tf.strings.length(text), tf.int64)
    in_joined = tf.gather(tf.cumsum(length, exclusive=True), row) + last
    ends = last + tf.minimum(_character_length(text, in_joined), tf.gather(length, row) - last)
    return Pieces(pieces.ids, pieces.row_splits, starts, ends)


def _character_length(text: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    """Bytes of the character at each position of the joined texts; an ill-formed one ends where it breaks off."""
    joined = tf.io.decode_raw(tf.strings.reduce_join(text), tf.uint8)
    joined = tf.concat([joined, tf.zeros([3], tf.uint8)], axis=0)
    lead, second, third, fourth = (tf.cast(tf.gather(joined, position + i), tf.int64) for i in range(4))
    length = tf.gather(tf.constant(LENGTH), lead)
    has_second = (tf.gather(tf.constant(SECOND_LOW), lead) <= second) & (
        second <= tf.gather(tf.constant(SECOND_HIGH), lead)
    )
    has_third = has_second & (third // 64 == 2)  # bytes 0x80 to 0xBF
    has_fourth = has_third & (fourth // 64 == 2)
    present = 1 + tf.cast(has_second, tf.int64) + tf.cast(has_third, tf.int64) + tf.cast(has_fourth, tf.int64)
    return tf.minimum(length, present)
