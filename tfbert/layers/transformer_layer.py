"""BertTransformerLayer: attention and feed-forward, each with its residual connection and normalisation."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.layers.activations import activation_by_name
from tfbert.layers.dense import bert_dense
from tfbert.layers.self_attention import BertSelfAttention


@keras.saving.register_keras_serializable(package="tfbert")
class BertTransformerLayer(keras.layers.Layer):
    """One transformer layer over flat tokens, normalised after each residual connection.

    Calling it takes the arguments of `BertSelfAttention` and returns ([N, D], probabilities [B, H, S, S]).

    Args:
        hidden_size: int. Width D.
        num_heads: int. H.
        intermediate_size: int. Width I of the feed-forward layer.
        hidden_act: str, default "gelu".
        attention_dropout: float, default 0.1. Dropout of attention probabilities.
        dropout: float, default 0.1. Dropout of both sub-layers' outputs.
        layer_norm_eps: float, default 1e-12.
        initializer_range: float, default 0.02.

    Returns:
        A tuple of two tensors.

    Source: Devlin et al., "BERT" (2018); Vaswani et al. (2017), figure 1, left.
    """

    def __init__(
        self,
        hidden_size,
        num_heads,
        intermediate_size,
        hidden_act="gelu",
        attention_dropout=0.1,
        dropout=0.1,
        layer_norm_eps=1e-12,
        initializer_range=0.02,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)  # as in BertSelfAttention
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.intermediate_size = intermediate_size
        self.hidden_act = hidden_act
        self.attention_dropout = attention_dropout
        self.dropout_rate = dropout
        self.layer_norm_eps = layer_norm_eps
        self.initializer_range = initializer_range
        policy = self.dtype_policy
        self.attention = BertSelfAttention(
            hidden_size, num_heads, attention_dropout, initializer_range, dtype=policy, name="attention"
        )
        self.attention_norm = keras.layers.LayerNormalization(
            epsilon=layer_norm_eps, dtype=policy, name="attention_norm"
        )
        self.intermediate = bert_dense(intermediate_size, initializer_range, name="intermediate", dtype=policy)
        self.activation = activation_by_name(hidden_act)
        self.output_dense = bert_dense(hidden_size, initializer_range, name="output_dense", dtype=policy)
        self.output_norm = keras.layers.LayerNormalization(epsilon=layer_norm_eps, dtype=policy, name="output_norm")
        self.dropout = keras.layers.Dropout(dropout, dtype=policy, name="dropout")

    def build(self, input_shape=None):
        self.attention.build()
        self.attention_norm.build((None, self.hidden_size))
        self.intermediate.build((None, self.hidden_size))
        self.output_dense.build((None, self.intermediate_size))
        self.output_norm.build((None, self.hidden_size))
        self.built = True

    def call(self, tokens, layout, attention_bias, head_mask=None, training=False):
        tokens = tf.cast(tokens, self.compute_dtype)
        attended, probabilities = self.attention(
            tokens, layout=layout, attention_bias=attention_bias, head_mask=head_mask, training=training
        )  # [N, D], [B, H, S, S]
        tokens = self.attention_norm(tokens + self.dropout(attended, training=training))
        expanded = self.activation(self.intermediate(tokens))  # [N, I]
        output = self.dropout(self.output_dense(expanded), training=training)  # [N, D]
        return self.output_norm(tokens + output), probabilities

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "hidden_size": self.hidden_size,
            "num_heads": self.num_heads,
            "intermediate_size": self.intermediate_size,
            "hidden_act": self.hidden_act,
            "attention_dropout": self.attention_dropout,
            "dropout": self.dropout_rate,
            "layer_norm_eps": self.layer_norm_eps,
            "initializer_range": self.initializer_range,
        }
