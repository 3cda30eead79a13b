"""BertAttention: what self-attention and cross-attention share.

Letters: B batch, S queries, T keys, N tokens, D width, H heads, K width of a head.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.layers.dense import bert_dense
from tfbert.layers.replayable_dropout import ReplayableDropout


class BertAttention(keras.layers.Layer):
    """Scaled dot-product attention over several heads, and the output projection.

    Args:
        hidden_size: int. Width D.
        num_heads: int. H.
        head_size: int or None, default None. K; None takes `hidden_size / num_heads`.
        dropout: float, default 0.1. Dropout of the probabilities.
        initializer_range: float, default 0.02.

    Raises:
        ValueError: If `hidden_size` is no multiple of `num_heads` and `head_size` does not say otherwise.
    """

    def __init__(self, hidden_size, num_heads, head_size=None, dropout=0.1, initializer_range=0.02, **kwargs):
        # Not cast on entry: the bias holds the lowest float32, which would overflow in float16.
        super().__init__(autocast=False, **kwargs)
        if head_size is None and hidden_size % num_heads:
            raise ValueError(
                "`hidden_size` must be a multiple of `num_heads`. "
                f"Received: hidden_size={hidden_size}, num_heads={num_heads}."
            )
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.head_size = hidden_size // num_heads if head_size is None else head_size
        self.dropout_rate = dropout
        self.initializer_range = initializer_range
        self.output_dense = self._dense(hidden_size, "output_dense")
        self.dropout = ReplayableDropout(dropout, dtype=self.dtype_policy, name="dropout")

    @property
    def inner_size(self) -> int:
        """Width of all heads together, H·K; less than D where heads were pruned."""
        return self.num_heads * self.head_size

    def _dense(self, units: int, name: str) -> keras.layers.Dense:
        return bert_dense(units, self.initializer_range, name=name, dtype=self.dtype_policy)

    def attend(self, query, key, value, attention_bias, head_mask=None, training=False, seed=None, scores=None):
        """[B, H, S, K], [B, H, T, K] twice, to context [B, H, S, K] and probabilities [B, H, S, T].

        `scores` [B, H, S, T] are added to the products before they are scaled.
        """
        products = tf.matmul(query, key, transpose_b=True)  # [B, H, S, T]
        if scores is not None:
            products += scores
        # float16 has not the range that sums over T and the lowest float need; bfloat16 has, and oneDNN fuses in it.
        dtype = tf.bfloat16 if products.dtype == tf.bfloat16 else tf.float32
        scaled = tf.cast(products, dtype) * self.head_size**-0.5
        probabilities = tf.cast(tf.nn.softmax(scaled + tf.cast(attention_bias, dtype)), products.dtype)
        probabilities = self.dropout(probabilities, training=training, seed=seed)
        if head_mask is not None:
            probabilities *= tf.cast(head_mask, probabilities.dtype)
        return tf.matmul(probabilities, value), probabilities

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "hidden_size": self.hidden_size,
            "num_heads": self.num_heads,
            "head_size": self.head_size,
            "dropout": self.dropout_rate,
            "initializer_range": self.initializer_range,
        }
