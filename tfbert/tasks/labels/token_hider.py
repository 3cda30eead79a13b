"""TokenHider: hides tokens of batches of ids, to be told by a model that learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.tasks.labels.masking import hide_tokens
from tfbert.training.callbacks.epochs import Epochs


class TokenHider:
    """Hides tokens, other ones for each seed; special tokens stay.

    Args:
        tokenizer: `FastBertTokenizer` with a mask token.
        vocab_size: int. The model's.
        whole_words: bool, default False. Hide words as wholes, a piece with those that go on with it.

    Raises:
        ValueError: If the vocabulary has no mask token.
    """

    def __init__(self, tokenizer: FastBertTokenizer, vocab_size: int, whole_words: bool = False):
        table = tokenizer.token_table
        if tokenizer.mask_token not in table.ids:
            raise ValueError(
                f"`tokenizer` must know its mask_token, {tokenizer.mask_token!r}; its vocabulary does not."
            )
        self.mask_token_id = table.ids[tokenizer.mask_token]
        self.is_special = np.zeros(vocab_size, bool)
        self.is_special[table.special_ids] = True
        self._goes_on = np.zeros(vocab_size, bool)
        if whole_words:
            self._goes_on[: len(table.tokens)] = [
                token.startswith(tokenizer.wordpieces_prefix) for token in table.tokens
            ]
        self._pieces = len(table.tokens)

    def __call__(self, features: dict[str, Any], seed: tf.Tensor) -> tuple[dict[str, Any], tf.Tensor]:
        """Return the features with tokens hidden and `mask_positions` [B, M], and the ids there, -100 for none."""
        input_ids = features["input_ids"]
        may_hide = (features["attention_mask"] > 0) & ~tf.gather(tf.constant(self.is_special), input_ids)
        goes_on = tf.gather(tf.constant(self._goes_on), input_ids)
        seen, positions, labels = hide_tokens(input_ids, may_hide, self.mask_token_id, self._pieces, seed, goes_on)
        return {**features, "input_ids": seen, "mask_positions": positions}, labels

    def in_batches(self, dataset: tf.data.Dataset, epochs: Epochs) -> tf.data.Dataset:
        """Hide tokens of a dataset of (features, …), others in each epoch; returns (features, labels, …)."""

        def hide(batch, seed):
            features, *rest = batch
            return (*self(features, seed), *rest)

        batches = tf.data.Dataset.zip(dataset, epochs.batch_seeds())
        if (count := int(dataset.cardinality())) >= 0:  # which the seeds, whose number nobody knows, would hide
            batches = batches.apply(tf.data.experimental.assert_cardinality(count))
        return batches.map(hide, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
