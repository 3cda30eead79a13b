"""BertTransformerLayer: attention and feed-forward, each with its residual connection and normalisation."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfbert.layers.activations import activation_config, resolve_activation
from tfbert.layers.cross_attention import BertCrossAttention
from tfbert.layers.dense import bert_dense
from tfbert.layers.layer_norm import BertLayerNorm
from tfbert.layers.replayable_dropout import ReplayableDropout
from tfbert.layers.self_attention import BertSelfAttention


class LayerOutput(NamedTuple):
    """What a transformer layer returns.

    Args:
        tokens: float [N, D].
        probabilities: float [B, H, S, T]. Of self-attention.
        cross_probabilities: float [B, H, S, T] or None. Of attention to the encoder.
        key_values: tuple of (key, value), or with cross-attention of four tensors, [B, H, T, K] each.
    """

    tokens: Any
    probabilities: Any
    cross_probabilities: Any
    key_values: Any


@keras.saving.register_keras_serializable(package="tfbert")
class BertTransformerLayer(keras.layers.Layer):
    """One transformer layer over flat tokens, normalised after each residual connection.

    Calling it takes `tokens`, `layout`, `attention_bias`, `head_mask`, `past`, `write_at` as `BertSelfAttention` does;
    `rows`, what self-attention takes for its layout where that is another;
    `encoder_hidden_states` [B, T, D], `encoder_bias` and `past_cross` as `BertCrossAttention`; and `seeds`, what
    `draw_seeds` returned, for a run that must be repeatable. It returns a `LayerOutput`.

    Args:
        hidden_size: int. Width D.
        num_heads: int. H.
        intermediate_size: int. Width I of the feed-forward layer.
        hidden_act: str or function, default "gelu".
        attention_dropout: float, default 0.1. Dropout of attention probabilities.
        dropout: float, default 0.1. Dropout of the sub-layers' outputs.
        layer_norm_eps: float, default 1e-12.
        initializer_range: float, default 0.02.
        head_size: int or None, default None. Width of a head; None takes `hidden_size / num_heads`.
        position_embedding_type: str, default "absolute"; see `BertSelfAttention`.
        max_position_embeddings: int, default 512.
        add_cross_attention: bool, default False. Attend to an encoder's states between the two sub-layers.

    Returns:
        A `LayerOutput`.

    Source: Devlin et al., "BERT" (2018); Vaswani et al. (2017), figure 1.
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
        head_size=None,
        position_embedding_type="absolute",
        max_position_embeddings=512,
        add_cross_attention=False,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)  # as in BertAttention
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.intermediate_size = intermediate_size
        self.hidden_act = hidden_act
        self.attention_dropout = attention_dropout
        self.dropout_rate = dropout
        self.layer_norm_eps = layer_norm_eps
        self.initializer_range = initializer_range
        self.head_size = head_size
        self.position_embedding_type = position_embedding_type
        self.max_position_embeddings = max_position_embeddings
        self.add_cross_attention = add_cross_attention
        policy = self.dtype_policy
        attention = {
            "hidden_size": hidden_size,
            "head_size": head_size,
            "dropout": attention_dropout,
            "initializer_range": initializer_range,
            "dtype": policy,
        }
        norm = {"epsilon": layer_norm_eps, "dtype": policy}
        self.attention = BertSelfAttention(
            num_heads=num_heads,
            position_embedding_type=position_embedding_type,
            max_position_embeddings=max_position_embeddings,
            name="attention",
            **attention,
        )
        self.attention_norm = BertLayerNorm(name="attention_norm", **norm)
        if add_cross_attention:
            whole = hidden_size // self.attention.head_size  # pruning takes heads of self-attention only
            self.crossattention = BertCrossAttention(num_heads=whole, name="crossattention", **attention)
            self.crossattention_norm = BertLayerNorm(name="crossattention_norm", **norm)
        self.intermediate = bert_dense(intermediate_size, initializer_range, name="intermediate", dtype=policy)
        self.activation = resolve_activation(hidden_act)
        self.output_dense = bert_dense(hidden_size, initializer_range, name="output_dense", dtype=policy)
        self.output_norm = BertLayerNorm(name="output_norm", **norm)
        self.dropout = ReplayableDropout(dropout, dtype=policy, name="dropout")

    def build(self, input_shape=None):
        width = (None, self.hidden_size)
        self.attention.build()
        self.attention_norm.build(width)
        if self.add_cross_attention:
            self.crossattention.build()
            self.crossattention_norm.build(width)
        self.intermediate.build(width)
        self.output_dense.build((None, self.intermediate_size))
        self.output_norm.build(width)
        self.built = True

    def call(
        self,
        tokens,
        layout,
        attention_bias,
        rows=None,
        head_mask=None,
        past=None,
        write_at=None,
        encoder_hidden_states=None,
        encoder_bias=None,
        past_cross=None,
        seeds=None,
        training=False,
    ):
        seeds = seeds or {}

        def dropped(outputs, name):
            return self.dropout(outputs, training=training, seed=seeds.get(name))

        tokens = tf.cast(tokens, self.compute_dtype)
        attended, probabilities, key_values = self.attention(
            tokens,
            layout=rows or layout,
            attention_bias=attention_bias,
            head_mask=head_mask,
            past=past,
            write_at=write_at,
            training=training,
            seed=seeds.get("probabilities"),
        )  # [N, D], [B, H, S, T]
        tokens = self.attention_norm(tokens + dropped(attended, "attention"))
        cross_probabilities = None
        if encoder_hidden_states is not None or past_cross is not None:
            attended, cross_probabilities, cross_key_values = self.crossattention(
                tokens,
                layout=layout,
                attention_bias=encoder_bias,
                encoder_hidden_states=encoder_hidden_states,
                head_mask=head_mask,
                past=past_cross,
                training=training,
                seed=seeds.get("cross_probabilities"),
            )
            tokens = self.crossattention_norm(tokens + dropped(attended, "crossattention"))
            key_values += cross_key_values
        expanded = self.activation(self.intermediate(tokens))  # [N, I]
        tokens = self.output_norm(tokens + dropped(self.output_dense(expanded), "output"))  # [N, D]
        return LayerOutput(tokens, probabilities, cross_probabilities, key_values)

    def draw_seeds(self) -> dict[str, tf.Tensor]:
        """Return a seed for every dropout of one run, by name."""
        seeds = {name: self.dropout.draw_seed() for name in ("attention", "crossattention", "output")}
        seeds["probabilities"] = self.attention.dropout.draw_seed()
        if self.add_cross_attention:
            seeds["cross_probabilities"] = self.crossattention.dropout.draw_seed()
        return seeds

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "hidden_size": self.hidden_size,
            "num_heads": self.num_heads,
            "intermediate_size": self.intermediate_size,
            "hidden_act": activation_config(self.hidden_act),
            "attention_dropout": self.attention_dropout,
            "dropout": self.dropout_rate,
            "layer_norm_eps": self.layer_norm_eps,
            "initializer_range": self.initializer_range,
            "head_size": self.head_size,
            "position_embedding_type": self.position_embedding_type,
            "max_position_embeddings": self.max_position_embeddings,
            "add_cross_attention": self.add_cross_attention,
        }
