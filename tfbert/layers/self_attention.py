"""BertSelfAttention: multi-head attention over flat tokens, with one fused product for query, key and value.

Letters: B batch, S positions, T keys (S and earlier ones of a cache), N tokens, D width, H heads, K width of a head.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.layers.attention import BertAttention
from tfbert.layers.key_values import KeyValues
from tfbert.layers.relative_positions import POSITION_EMBEDDING_TYPES, relative_scores


@keras.saving.register_keras_serializable(package="tfbert")
class BertSelfAttention(BertAttention):
    """Multi-head scaled dot-product self-attention and its output projection.

    Calling it takes `tokens` [N, D], the `layout` that says where they sit in [B, S], `attention_bias` float32
    broadcast to [B, H, S, T] (0 where a query may look, the lowest float where not), `head_mask` broadcast to
    [B, H, S, T] or None, and `past`, the (key, value) of earlier positions, with `write_at` as in `KeyValues`. It
    returns ([N, D], probabilities [B, H, S, T], (key, value) [B, H, T, K]).

    Args:
        hidden_size: int. Width D, a multiple of `num_heads`.
        num_heads: int. H.
        head_size: int or None, default None. K; None takes `hidden_size / num_heads`.
        dropout: float, default 0.1. Dropout of the probabilities.
        initializer_range: float, default 0.02.
        position_embedding_type: str, default "absolute". "relative_key" adds the product of query and distance to the
            scores, "relative_key_query" that of key and distance too.
        max_position_embeddings: int, default 512. The longest input; only relative positions ask for it.

    Returns:
        A tuple of two tensors and a pair.

    Raises:
        ValueError: If `hidden_size` is no multiple of `num_heads`, or the position type is unknown.

    Example:
        >>> from tfbert.layers.token_layout import PaddedLayout
        >>> layer = BertSelfAttention(hidden_size=8, num_heads=2)
        >>> context, *_ = layer(tf.ones([6, 8]), layout=PaddedLayout(2, 3), attention_bias=tf.zeros([2, 1, 1, 3]))
        >>> context.shape
        TensorShape([6, 8])

    Source: Vaswani et al., "Attention is all you need" (2017), section 3.2; for relative positions see
    `relative_scores`.
    """

    def __init__(
        self,
        hidden_size,
        num_heads,
        head_size=None,
        dropout=0.1,
        initializer_range=0.02,
        position_embedding_type="absolute",
        max_position_embeddings=512,
        **kwargs,
    ):
        super().__init__(hidden_size, num_heads, head_size, dropout, initializer_range, **kwargs)
        if position_embedding_type not in POSITION_EMBEDDING_TYPES:
            raise ValueError(
                f"`position_embedding_type` must be one of {POSITION_EMBEDDING_TYPES}. "
                f"Received: {position_embedding_type!r}."
            )
        self.position_embedding_type = position_embedding_type
        self.max_position_embeddings = max_position_embeddings
        self.distance_embedding = None
        self.qkv = self._dense(3 * self.inner_size, "qkv")

    def build(self, input_shape=None):
        self.qkv.build((None, self.hidden_size))
        self.output_dense.build((None, self.inner_size))
        if self.position_embedding_type != "absolute":
            self.distance_embedding = self.add_weight(
                name="distance_embedding",
                shape=(2 * self.max_position_embeddings - 1, self.head_size),
                initializer=keras.initializers.TruncatedNormal(stddev=self.initializer_range),
            )
        self.built = True

    def call(self, tokens, layout, attention_bias, head_mask=None, past=None, write_at=None, training=False, seed=None):
        query, key, value = layout.split_heads(self.qkv(tokens), 3, self.num_heads)  # [B, H, S, K] each
        first_query = 0
        if past is not None:
            earlier = KeyValues(past[0], past[1], write_at)
            first_query = earlier.length
            key, value = earlier.joined(key, value)  # [B, H, T, K]
        scores = self._relative_scores(query, key, first_query)
        context, probabilities = self.attend(query, key, value, attention_bias, head_mask, training, seed, scores)
        return self.output_dense(layout.merge_heads(context)), probabilities, (key, value)

    def _relative_scores(self, query, key, first_query):
        if self.distance_embedding is None:
            return None
        table = tf.cast(tf.convert_to_tensor(self.distance_embedding), query.dtype)
        both_sides = self.position_embedding_type == "relative_key_query"
        return relative_scores(query, key, table, first_query, both_sides)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "position_embedding_type": self.position_embedding_type,
            "max_position_embeddings": self.max_position_embeddings,
        }
