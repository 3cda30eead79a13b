"""BertEncoder: the stack of transformer layers."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfbert.layers.activations import activation_config
from tfbert.layers.transformer_layer import BertTransformerLayer, LayerOutput


class EncoderOutput(NamedTuple):
    """What the stack returns.

    Args:
        tokens: float [N, D]. Output of the last layer.
        hidden_states: list of L + 1 tensors [N, D]. The input, and the output of each layer.
        attentions: list of L tensors [B, H, S, T].
        cross_attentions: list of L tensors [B, H, S, T]; of none where no encoder was attended to.
        key_values: list of L tuples (key, value), or of four tensors with cross-attention.
    """

    tokens: Any
    hidden_states: list
    attentions: list
    cross_attentions: list
    key_values: list


@keras.saving.register_keras_serializable(package="tfbert")
class BertEncoder(keras.layers.Layer):
    """Runs flat tokens through the transformer layers, one after the other.

    Calling it takes `tokens` [N, D], their `layout`, `attention_bias`, and `head_mask` with a leading axis of layers,
    as `BertSelfAttention` does; `rows`, which self-attention works on where they are others than those of the layout;
    `encoder_hidden_states` [B, T, D] and `encoder_bias` for cross-attention; and `past_key_values`, for each layer what
    an earlier call returned in `key_values`, with `write_at` where those have a fixed size. It returns an
    `EncoderOutput`.

    Where `gradient_checkpointing` is True, training keeps the input of each layer only and computes the rest a second
    time for the gradient: less memory for about a third more time.

    Args:
        num_layers: int. L.
        hidden_size: int. Width D.
        num_heads: int. H.
        intermediate_size: int. Width of the feed-forward layers.
        hidden_act: str or function, default "gelu".
        attention_dropout: float, default 0.1.
        dropout: float, default 0.1.
        layer_norm_eps: float, default 1e-12.
        initializer_range: float, default 0.02.
        position_embedding_type: str, default "absolute"; see `BertSelfAttention`.
        max_position_embeddings: int, default 512.
        add_cross_attention: bool, default False.
        pruned_heads: dict from layer to list of heads that it lacks, or None.

    Returns:
        An `EncoderOutput`.

    Source: Devlin et al., "BERT" (2018); Chen et al., "Training deep nets with sublinear memory cost" (2016).
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
        position_embedding_type="absolute",
        max_position_embeddings=512,
        add_cross_attention=False,
        pruned_heads=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)  # as in BertAttention
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.pruned_heads = {int(layer): sorted(heads) for layer, heads in (pruned_heads or {}).items()}
        self.gradient_checkpointing = False
        self.layer_options = {
            "hidden_size": hidden_size,
            "intermediate_size": intermediate_size,
            "hidden_act": hidden_act,
            "attention_dropout": attention_dropout,
            "dropout": dropout,
            "layer_norm_eps": layer_norm_eps,
            "initializer_range": initializer_range,
            "position_embedding_type": position_embedding_type,
            "max_position_embeddings": max_position_embeddings,
            "add_cross_attention": add_cross_attention,
        }
        self.layers = [
            BertTransformerLayer(
                num_heads=num_heads - len(self.pruned_heads.get(index, [])),
                head_size=hidden_size // num_heads,
                name=f"layer_{index}",
                dtype=self.dtype_policy,
                **self.layer_options,
            )
            for index in range(num_layers)
        ]

    def build(self, input_shape=None):
        for layer in self.layers:
            layer.build()
        self.built = True

    def call(
        self,
        tokens,
        layout,
        attention_bias,
        rows=None,
        head_mask=None,
        encoder_hidden_states=None,
        encoder_bias=None,
        past_key_values=None,
        write_at=None,
        training=False,
    ):
        hidden_states, outputs = [tokens], []
        for index, layer in enumerate(self.layers):
            past = None if past_key_values is None else past_key_values[index]
            output = self._run(
                layer,
                tokens,
                encoder_hidden_states,
                training,
                layout=layout,
                attention_bias=attention_bias,
                rows=rows,
                head_mask=None if head_mask is None else head_mask[index],
                encoder_bias=encoder_bias,
                past=None if past is None else tuple(past[:2]),
                write_at=write_at,
                past_cross=None if past is None or len(past) == 2 else tuple(past[2:]),
            )
            tokens = output.tokens
            hidden_states.append(tokens)
            outputs.append(output)
        return EncoderOutput(
            tokens,
            hidden_states,
            [output.probabilities for output in outputs],
            [output.cross_probabilities for output in outputs if output.cross_probabilities is not None],
            [output.key_values for output in outputs],
        )

    def _run(self, layer, tokens, encoder_hidden_states, training, **options) -> LayerOutput:
        if not (self.gradient_checkpointing and training):
            return layer(tokens, encoder_hidden_states=encoder_hidden_states, training=training, **options)
        seeds = layer.draw_seeds()  # outside, so that the second run drops what the first one dropped

        def run(tokens, *states):
            output = layer(tokens, encoder_hidden_states=(*states, None)[0], seeds=seeds, training=True, **options)
            return [part for part in output[:3] if part is not None]

        states = () if encoder_hidden_states is None else (encoder_hidden_states,)
        parts = tf.recompute_grad(run)(tf.cast(tokens, self.compute_dtype), *states)
        return LayerOutput(parts[0], parts[1], parts[2] if states else None, key_values=())

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "num_heads": self.num_heads,
            "pruned_heads": {str(layer): heads for layer, heads in self.pruned_heads.items()},
            **self.layer_options,
            "hidden_act": activation_config(self.layer_options["hidden_act"]),
        }
