"""BertCrossAttention: a decoder's attention to the states of an encoder.

Letters: B batch, S positions, T encoder positions, N tokens, D width, H heads, K width of a head.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfbert.layers.attention import BertAttention
from tfbert.layers.token_layout import split_heads


@keras.saving.register_keras_serializable(package="tfbert")
class BertCrossAttention(BertAttention):
    """Multi-head attention of tokens to encoder states, and its output projection.

    Calling it takes `tokens` [N, D], their `layout`, `encoder_hidden_states` [B, T, D] or None, `attention_bias`
    float32 broadcast to [B, H, S, T], `head_mask`, and `past`, the pair (key, value) that an earlier call computed from
    the same states, or None. It returns ([N, D], probabilities [B, H, S, T], (key, value) [B, H, T, K]).

    Args:
        hidden_size: int. Width D, a multiple of `num_heads`.
        num_heads: int. H.
        head_size: int or None, default None. K; None takes `hidden_size / num_heads`.
        dropout: float, default 0.1. Dropout of the probabilities.
        initializer_range: float, default 0.02.

    Returns:
        A tuple of two tensors and a pair.

    Example:
        >>> from tfbert.layers.token_layout import PaddedLayout
        >>> layer = BertCrossAttention(hidden_size=8, num_heads=2)
        >>> context, probabilities, _ = layer(
        ...     tf.ones([6, 8]),
        ...     layout=PaddedLayout(2, 3),
        ...     encoder_hidden_states=tf.ones([2, 5, 8]),
        ...     attention_bias=tf.zeros([2, 1, 1, 5]),
        ... )
        >>> context.shape, probabilities.shape
        (TensorShape([6, 8]), TensorShape([2, 2, 3, 5]))

    Source: Vaswani et al., "Attention is all you need" (2017), section 3.2.3.
    """

    def __init__(self, hidden_size, num_heads, head_size=None, dropout=0.1, initializer_range=0.02, **kwargs):
        super().__init__(hidden_size, num_heads, head_size, dropout, initializer_range, **kwargs)
        self.query = self._dense(self.inner_size, "query")
        self.kv = self._dense(2 * self.inner_size, "kv")

    def build(self, input_shape=None):
        self.query.build((None, self.hidden_size))
        self.kv.build((None, self.hidden_size))
        self.output_dense.build((None, self.inner_size))
        self.built = True

    def call(
        self,
        tokens,
        layout,
        attention_bias,
        encoder_hidden_states=None,
        head_mask=None,
        past=None,
        training=False,
        seed=None,
    ):
        (query,) = layout.split_heads(self.query(tokens), 1, self.num_heads)  # [B, H, S, K]
        if past is None:
            states = tf.cast(encoder_hidden_states, self.compute_dtype)
            key, value = split_heads(self.kv(states), 2, self.num_heads)
        else:
            key, value = (tf.cast(part, query.dtype) for part in past)  # [B, H, T, K]
        context, probabilities = self.attend(query, key, value, attention_bias, head_mask, training, seed)
        return self.output_dense(layout.merge_heads(context)), probabilities, (key, value)
