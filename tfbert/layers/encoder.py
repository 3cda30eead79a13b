"""BertEncoder: the stack of transformer layers."""

from __future__ import annotations

from typing import Any

import keras

from tfbert.layers.transformer_layer import BertTransformerLayer


@keras.saving.register_keras_serializable(package="tfbert")
class BertEncoder(keras.layers.Layer):
    """Runs flat tokens through the transformer layers, one after the other.

    Calling it takes `tokens` [N, D], their `layout`, `attention_bias` and `head_mask` as `BertSelfAttention` does, the
    latter with a leading axis of layers, and returns (tokens [N, D], hidden states, attentions): the list of L + 1
    inputs and outputs [N, D], and the list of L probabilities [B, H, S, S].

    Args:
        num_layers: int. L.
        hidden_size: int. Width D.
        num_heads: int. H.
        intermediate_size: int. Width of the feed-forward layers.
        hidden_act: str, default "gelu".
        attention_dropout: float, default 0.1.
        dropout: float, default 0.1.
        layer_norm_eps: float, default 1e-12.
        initializer_range: float, default 0.02.

    Returns:
        A tuple of a tensor and two lists of tensors.

    Source: Devlin et al., "BERT" (2018).
    """

    def __init__(
        self,
        num_layers,
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
        self.num_layers = num_layers
        self.layer_options = {
            "hidden_size": hidden_size,
            "num_heads": num_heads,
            "intermediate_size": intermediate_size,
            "hidden_act": hidden_act,
            "attention_dropout": attention_dropout,
            "dropout": dropout,
            "layer_norm_eps": layer_norm_eps,
            "initializer_range": initializer_range,
        }
        self.layers = [
            BertTransformerLayer(**self.layer_options, dtype=self.dtype_policy, name=f"layer_{index}")
            for index in range(num_layers)
        ]

    def build(self, input_shape=None):
        for layer in self.layers:
            layer.build()
        self.built = True

    def call(self, tokens, layout, attention_bias, head_mask=None, training=False):
        hidden_states, attentions = [tokens], []
        for index, layer in enumerate(self.layers):
            tokens, probabilities = layer(
                tokens,
                layout=layout,
                attention_bias=attention_bias,
                head_mask=None if head_mask is None else head_mask[index],
                training=training,
            )
            hidden_states.append(tokens)
            attentions.append(probabilities)
        return tokens, hidden_states, attentions

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "num_layers": self.num_layers, **self.layer_options}
