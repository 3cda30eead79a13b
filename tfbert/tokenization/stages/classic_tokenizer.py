"""Word pieces by tensorflow-text's older ops, for servers that lack the fast ones. Not exact: README lists how far."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_text as tf_text

from tfbert.tokenization.stages.added_token_stage import AddedTokenStage
from tfbert.tokenization.stages.pieces import Pieces, Stage
from tfbert.tokenization.stages.wordpiece import MAX_CHARACTER_BYTES
from tfbert.tokenization.text_tokenizer import TextTokenizerOptions, raw_literals


class ClassicTokenizer:
    """Splits text by regular expressions and looks pieces up in a hash table.

    Args:
        options: `TextTokenizerOptions`.

    Raises:
        ValueError: If an option is one that the older ops cannot follow.

    Source: `BertTokenizer` of tensorflow-text.
    """

    def __init__(self, options: TextTokenizerOptions):
        _check(options)
        size = len(options.vocab_list)
        initializer = tf.lookup.KeyValueTensorInitializer(
            tf.constant(list(options.vocab_list)), tf.range(size, dtype=tf.int64)
        )
        table = tf.lookup.StaticVocabularyTable(initializer, num_oov_buckets=1)
        self.lookup_tables = [table]  # what a SavedModel has to hold
        self._kernel = tf_text.BertTokenizer(
            table,
            suffix_indicator=options.wordpieces_prefix,
            max_bytes_per_word=MAX_CHARACTER_BYTES * options.max_input_chars_per_word,
            unknown_token=options.unk_token,
            lower_case=options.normalizer.lowercase,
        )

    def __call__(self, text: tf.Tensor, offsets: bool) -> Pieces:
        """Tokenize text [N] string; returns `Pieces`."""
        if offsets:
            raise ValueError("Offsets take use_fast_bert_tokenizer=True: the older ops count in the normalised text.")
        ids = self._kernel.tokenize(text).merge_dims(1, 2)
        return Pieces(tf.cast(ids.values, tf.int32), ids.row_splits)


def make_classic_tokenizer(options: TextTokenizerOptions) -> Stage:
    """Return the stage that maps raw text to pieces by the older ops.

    Args:
        options: `TextTokenizerOptions`.

    Returns:
        A stage.

    Raises:
        ValueError: If an option is one that the older ops cannot follow.
    """
    literals = raw_literals(options)
    stage = ClassicTokenizer(options)
    return AddedTokenStage(literals, stage, options.vocab_list) if literals else stage


def _check(options: TextTokenizerOptions) -> None:
    normalizer = options.normalizer
    refused = {
        "strip_accents": normalizer.strip_accents != normalizer.lowercase,
        "tokenize_chinese_chars": not normalizer.handle_chinese_chars,
        "clean_text": not normalizer.clean_text,
        "added_tokens": any(token.normalized for token, _ in options.added_tokens),
    }
    for name, is_refused in refused.items():
        if is_refused:
            raise ValueError(
                f"use_fast_bert_tokenizer=False cannot follow this value of `{name}`: the older ops have no such "
                "switch. Write use_fast_bert_tokenizer=True."
            )
