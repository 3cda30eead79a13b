"""BertSelfAttention: multi-head attention over flat tokens, with one fused product for query, key and value.

Letters: B batch, S positions, N tokens, D width, H heads, K = D / H width of a head.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.layers.dense import bert_dense


@keras.saving.register_keras_serializable(package="tfbert")
class BertSelfAttention(keras.layers.Layer):
    """Multi-head scaled dot-product self-attention and its output projection.

    Calling it takes `tokens` [N, D], the `layout` that says where they sit in [B, S], `attention_bias` float32
    broadcast to [B, H, S, S] (0 where a query may look, the lowest float where not) and `head_mask` broadcast to
    [B, H, S, S] or None. It returns ([N, D], probabilities [B, H, S, S]).

    Args:
        hidden_size: int. Width D, a multiple of `num_heads`.
        num_heads: int. H.
        dropout: float, default 0.1. Dropout of the probabilities.
        initializer_range: float, default 0.02.

    Returns:
        A tuple of two tensors.

    Raises:
        ValueError: If `hidden_size` is no multiple of `num_heads`.

    Example:
        >>> from tfbert.layers.token_layout import PaddedLayout
        >>> layer = BertSelfAttention(hidden_size=8, num_heads=2)
        >>> context, _ = layer(tf.ones([6, 8]), layout=PaddedLayout(2, 3), attention_bias=tf.zeros([2, 1, 1, 3]))
        >>> context.shape
        TensorShape([6, 8])

    Source: Vaswani et al., "Attention is all you need" (2017), section 3.2.
    """

    def __init__(self, hidden_size, num_heads, dropout=0.1, initializer_range=0.02, **kwargs):
        # Not cast on entry: the bias holds the lowest float32, which would overflow in float16.
        super().__init__(autocast=False, **kwargs)
        if hidden_size % num_heads:
            raise ValueError(
                "`hidden_size` must be a multiple of `num_heads`. "
                f"Received: hidden_size={hidden_size}, num_heads={num_heads}."
            )
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout_rate = dropout
        self.initializer_range = initializer_range
        policy = self.dtype_policy
        self.qkv = bert_dense(3 * hidden_size, initializer_range, name="qkv", dtype=policy)
        self.output_dense = bert_dense(hidden_size, initializer_range, name="output_dense", dtype=policy)
        self.dropout = keras.layers.Dropout(dropout, dtype=policy, name="dropout")

    def build(self, input_shape=None):
        self.qkv.build((None, self.hidden_size))
        self.output_dense.build((None, self.hidden_size))
        self.built = True

    def call(self, tokens, layout, attention_bias, head_mask=None, training=False):
        query, key, value = self._heads(layout.unflatten(self.qkv(tokens)))  # [B, H, S, K] each
        scores = tf.matmul(query * (query.shape[-1] ** -0.5), key, transpose_b=True)  # [B, H, S, S]
        # In float32 whatever the compute dtype: sums over S and the lowest float need its range.
        probabilities = tf.cast(tf.nn.softmax(tf.cast(scores, tf.float32) + attention_bias), scores.dtype)
        probabilities = self.dropout(probabilities, training=training)
        if head_mask is not None:
            probabilities *= tf.cast(head_mask, probabilities.dtype)
        context = self._merged(tf.matmul(probabilities, value))  # [B, S, D]
        return self.output_dense(layout.flatten(context)), probabilities

    def _heads(self, qkv):
        """[B, S, 3·D] to three times [B, H, S, K]."""
        shape = tf.shape(qkv)
        width = self.hidden_size // self.num_heads
        split = tf.reshape(qkv, [shape[0], shape[1], 3, self.num_heads, width])
        return tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]))

    def _merged(self, context):
        """[B, H, S, K] to [B, S, D]."""
        shape = tf.shape(context)
        return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [shape[0], shape[2], self.hidden_size])

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "hidden_size": self.hidden_size,
            "num_heads": self.num_heads,
            "dropout": self.dropout_rate,
            "initializer_range": self.initializer_range,
        }
