"""The bytes of a batch of texts: spans cut out of them, and characters counted."""

from __future__ import annotations

from typing import NamedTuple, Self

import tensorflow as tf

from tfbert.tokenization.stages.pieces import row_of_value


def valid_utf8(texts: tf.Tensor) -> tf.Tensor:
    """Return texts of a request as an answer may repeat them: what is no UTF-8 becomes U+FFFD."""
    return tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")


class TextBytes(NamedTuple):
    """The bytes of B texts, one text after the other, in N bytes.

    Spans are given by the number of their text and their first and end byte in it, each an int tensor [E]. Substrings
    of gathered texts would copy a text for every span of it.

    Args:
        values: uint8 [N].
        begins: int64 [B]. Where each text begins.
    """

    values: tf.Tensor
    begins: tf.Tensor

    @classmethod
    def of(cls, texts: tf.Tensor) -> Self:
        """Return the bytes of texts, string [B]."""
        values = tf.io.decode_raw(tf.strings.reduce_join(texts), tf.uint8)
        return cls(values, tf.cumsum(tf.cast(tf.strings.length(texts), tf.int64), exclusive=True))

    def cut(self, text: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        """Return what stands in each span, string [E], valid UTF-8.

        Example:
            >>> TextBytes.of(tf.constant(["Zoë!", "no"])).cut([0, 1], [1, 0], [4, 2]).numpy()[1]
            b'no'
        """
        begin = self._place(text, start)
        places = tf.ragged.range(begin, self._place(text, end))
        letter = tf.constant([bytes([byte]) for byte in range(256)])
        letters = tf.gather(letter, tf.cast(tf.gather(self.values, places.values), tf.int32))
        span = row_of_value(places.row_splits, tf.size(letters))
        words = tf.strings.unsorted_segment_join(letters, span, tf.size(begin))
        return valid_utf8(words)

    def characters(self, text: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        """Return how many characters each span holds, int32 [E]."""
        return self._count(self.values // 64 != 2, text, start, end)  # 0x80 to 0xBF go on with a character

    def lines_before(self, text: tf.Tensor, byte: tf.Tensor) -> tf.Tensor:
        """Return how many newlines stand before a byte in its text, int32 [E]."""
        return self._count(self.values == ord("\n"), text, tf.zeros_like(byte), byte)

    def _count(self, counted: tf.Tensor, text: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        before = tf.concat([[0], tf.cumsum(tf.cast(counted, tf.int32))], axis=0)  # [N + 1]
        return tf.gather(before, self._place(text, end)) - tf.gather(before, self._place(text, start))

    def _place(self, text: tf.Tensor, byte: tf.Tensor) -> tf.Tensor:
        return tf.gather(self.begins, text) + tf.cast(byte, tf.int64)
