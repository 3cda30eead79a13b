"""Texts and pairs of texts in one batch; texts that would leave the other one of a pair no room."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer


def tokenize_pairs(
    tokenizer: FastBertTokenizer, text: tf.Tensor, text_pair: tf.Tensor | None = None, **options: Any
) -> dict[str, tf.Tensor]:
    """Tokenize single texts or pairs; rows whose second text is "" as if they had none.

    Args:
        tokenizer: `FastBertTokenizer`.
        text: string [B].
        text_pair: string [B], or None.
        **options: Options of the tokenizer's call.

    Returns:
        A dict of int32 [B, S], as the tokenizer returns it.

    Source: the tokenizers of Hugging Face transformers, called with one text and one `text_pair`.
    """
    if text_pair is None:
        return tokenizer(text, **options)
    is_single = text_pair == ""
    # Each text goes through one of the two calls only; the other one sees "" in its place.
    singles = tokenizer(text, shown=is_single, **options)
    pairs = tokenizer(text, text_pair, shown=~is_single, **options)
    length = tf.maximum(tf.shape(singles["input_ids"])[1], tf.shape(pairs["input_ids"])[1])
    fixed = tokenizer.packing_options(**options).fixed_length

    def padded(name: str, values: tf.Tensor) -> tf.Tensor:
        missing = length - tf.shape(values)[1]
        where = [missing, 0] if tokenizer.padding_side == "left" else [0, missing]
        value = tokenizer.pad_token_id if name == "input_ids" else 0
        return tf.ensure_shape(tf.pad(values, [[0, 0], where], constant_values=value), [None, fixed])

    is_single = tf.expand_dims(is_single, 1)
    return {name: tf.where(is_single, padded(name, singles[name]), padded(name, pairs[name])) for name in pairs}


def cut_to_pieces(
    tokenizer: FastBertTokenizer, texts: tf.Tensor, longest: int, most: int, where: tf.Tensor | bool = True
) -> tf.Tensor:
    """Cut texts of more than `longest` pieces down to `most`; others stay as they are.

    Args:
        tokenizer: `FastBertTokenizer`.
        texts: string [B].
        longest: int. The most pieces of a text that stays.
        most: int. The pieces that a longer one keeps.
        where: bool [B], default True. Texts that may be cut.

    Returns:
        string [B].
    """
    _, _, ends = tokenizer.tokenize_with_offsets(texts)
    is_long = where & (ends.row_lengths() > longest)
    last = tf.where(is_long, ends.row_starts() + most - 1, 0)
    kept = tf.gather(tf.concat([ends.values, [0]], axis=0), last)
    size = tf.where(is_long, tf.cast(kept, tf.int32), tf.strings.length(texts))
    return tf.strings.substr(texts, tf.zeros_like(size), size)
