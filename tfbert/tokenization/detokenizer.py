"""Ids back to text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfbert.tokenization.stages.pieces import row_of_value

# What "cleaning up" replaces, in this order: each a blank too many.
CONTRACTIONS = ((" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"))
AFTER_CONTRACTIONS = ((" 's", "'s"), (" 've", "'ve"), (" 're", "'re"))
IN_TOKENS = (*CONTRACTIONS, (" do not", " don't"), *AFTER_CONTRACTIONS)
IN_TEXT = (*CONTRACTIONS, *AFTER_CONTRACTIONS)


class Detokenizer:
    """Joins the tokens of ids as BERT's decoder does.

    Args:
        tokens: Sequence of str; the position is the id.
        special_ids: Sequence of int. Ids that may be skipped.
        wordpieces_prefix: str. What continuations begin with.

    Example:
        >>> detokenizer = Detokenizer(["[CLS]", "un", "##able", "!"], [0], "##")
        >>> detokenizer(tf.constant([[0, 1, 2, 3]]), skip_special_tokens=True).numpy().tolist()
        [b'unable!']

    Source: the WordPiece decoder of Hugging Face tokenizers, `clean_up_tokenization` of transformers.
    """

    def __init__(self, tokens: Sequence[str], special_ids: Sequence[int], wordpieces_prefix: str):
        later = [
            token.removeprefix(wordpieces_prefix) if token.startswith(wordpieces_prefix) else f" {token}"
            for token in tokens
        ]
        # One further token stands for ids that are none.
        self._first = tf.constant([*map(_cleaned, tokens), ""])
        self._later = tf.constant([*map(_cleaned, later), ""])
        special = np.zeros(len(tokens) + 1, bool)
        special[list(special_ids)] = True
        self._special = tf.constant(special)
        self._size = len(tokens)

    def __call__(
        self,
        ids: tf.Tensor | tf.RaggedTensor,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool = False,
    ) -> tf.Tensor:
        """Return the text of each row.

        Args:
            ids: int [B, S], or ragged [B, (S)]. What is no id (padding such as -100, or too large) is passed over.
            skip_special_tokens: bool, default False. Leave special tokens out.
            clean_up_tokenization_spaces: bool, default False. Take the blanks before punctuation and contractions out.

        Returns:
            string [B].
        """
        rows = ids if isinstance(ids, tf.RaggedTensor) else tf.RaggedTensor.from_tensor(ids)
        index = tf.cast(rows.values, tf.int64)
        known = (index >= 0) & (index < self._size)
        index = tf.where(known, index, self._size)
        shown = known & ~tf.gather(self._special, index) if skip_special_tokens else known
        count = tf.cast(shown, tf.int64)
        shown_before = tf.cumsum(count, exclusive=True)
        first_of_row = tf.gather(tf.concat([shown_before, [0]], axis=0), rows.row_splits[:-1])
        is_first = shown_before == tf.gather(first_of_row, row_of_value(rows.row_splits, tf.size(index)))
        words = tf.where(is_first, tf.gather(self._first, index), tf.gather(self._later, index))
        text = tf.strings.reduce_join(rows.with_values(tf.where(shown, words, "")), axis=1)
        if clean_up_tokenization_spaces:
            for old, new in IN_TEXT:
                text = tf.strings.regex_replace(text, re.escape(old), new)
        return text


def _cleaned(token: str) -> str:
    for old, new in IN_TOKENS:
        token = token.replace(old, new)
    return token
