"""How well text is told by nothing but how often each piece occurs: what a language model has to beat."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer


def unigram_perplexity(tokenizer: FastBertTokenizer, training: tf.data.Dataset, held_out: tf.data.Dataset) -> float:
    """Return the perplexity of held-out text under the frequencies of pieces in the training text.

    Args:
        tokenizer: `FastBertTokenizer`. Special tokens do not count; every other piece counts once more than it occurs.
        training: A dataset of texts, string [L].
        held_out: A dataset of texts, string [L].

    Returns:
        float of at least 1.

    Raises:
        ValueError: If the held-out text has no pieces.

    Example:
        >>> tokenizer = FastBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "a", "b"])
        >>> texts = tf.data.Dataset.from_tensors(["a b a b"])
        >>> unigram_perplexity(tokenizer, texts, texts)
        2.0
    """
    trained, found = (_counts(tokenizer, texts) for texts in (training, held_out))
    if not found.sum():
        raise ValueError("`held_out` has no pieces of the vocabulary.")
    share = (trained + 1) / (trained + 1).sum()
    return math.exp(-(found * np.log(share)).sum() / found.sum())


def _counts(tokenizer: FastBertTokenizer, texts: tf.data.Dataset) -> np.ndarray:
    """How often each piece that is not special occurs, float64 [V]."""
    size = len(tokenizer.token_table.tokens)

    @tf.autograph.experimental.do_not_convert
    def count(batch):
        return tf.math.bincount(tokenizer.tokenize(batch).values, minlength=size, maxlength=size, dtype=tf.int64)

    counts = texts.map(count, num_parallel_calls=tf.data.AUTOTUNE)
    total = counts.reduce(tf.zeros([size], tf.int64), tf.add).numpy().astype(np.float64)
    return np.delete(total, sorted(tokenizer.token_table.special_ids))
