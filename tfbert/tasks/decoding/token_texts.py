"""Tokens as Hugging Face writes them: their own text, that of the source where they are unknown, and joined."""

from __future__ import annotations

import re

import tensorflow as tf

from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.tasks.decoding.runs import Runs
from tfbert.tokenization.detokenizer import IN_TOKENS


class TokenTexts:
    """The texts of a tokenizer's tokens.

    Args:
        tokenizer: `FastBertTokenizer`.

    Source: the WordPiece decoder of Hugging Face tokenizers.
    """

    def __init__(self, tokenizer: FastBertTokenizer):
        table = tokenizer.token_table
        with tf.init_scope():  # constants of the program, not of the graph being traced
            self._texts = tf.constant(table.tokens)
            self._lengths = tf.constant([len(token) for token in table.tokens])
        self._unknown = table.ids[tokenizer.unk_token]
        self._blank_before_continuation = f"^ {re.escape(tokenizer.wordpieces_prefix)}"

    def is_unknown(self, ids: tf.Tensor) -> tf.Tensor:
        """Return whether ids [N] are that of the unknown token, bool [N]."""
        return ids == self._unknown

    def is_subword(self, ids: tf.Tensor, characters: tf.Tensor) -> tf.Tensor:
        """Return whether tokens go on with a word, bool [N].

        Args:
            ids: int32 [N].
            characters: int32 [N]. How long each is in the source, where it has no prefix.
        """
        return (tf.gather(self._lengths, ids) != characters) & ~self.is_unknown(ids)

    def of(self, ids: tf.Tensor, sources: tf.Tensor) -> tf.Tensor:
        """Return the texts of tokens, string [N].

        Args:
            ids: int32 [N].
            sources: string [N]. What stands in the source; taken where a token is unknown.
        """
        return tf.where(self.is_unknown(ids), sources, tf.gather(self._texts, ids))

    def joined(self, texts: tf.Tensor, runs: Runs) -> tf.Tensor:
        """Return tokens or words joined as the decoder does, string [M] for M runs.

        Args:
            texts: string [N].
            runs: `Runs` of the texts.
        """
        later = tf.strings.regex_replace(tf.strings.join([" ", texts]), self._blank_before_continuation, "")
        texts = tf.where(runs.begins, texts, later)
        for old, new in IN_TOKENS:
            texts = tf.strings.regex_replace(texts, re.escape(old), new)
        return tf.strings.unsorted_segment_join(texts, runs.of, tf.size(runs.first))
