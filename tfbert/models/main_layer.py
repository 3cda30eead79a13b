"""BertMainLayer: embeddings, transformer layers and pooler; the part that every BERT model shares.

Letters: B batch, S positions, P earlier positions, N tokens, D width.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.layers.activations import activation_config, resolve_activation
from tfbert.layers.attention_masks import cross_attention_bias, layer_head_masks, self_attention_bias
from tfbert.layers.embeddings import BertEmbeddings
from tfbert.layers.encoder import BertEncoder
from tfbert.layers.filled_rows import FilledRows
from tfbert.layers.key_values import KeyValues
from tfbert.layers.pooler import BertPooler
from tfbert.layers.token_layout import PackedLayout, PaddedLayout, TokenLayout, batch_and_length

EXECUTIONS = ("auto", "packed", "padded", "xla")


@keras.saving.register_keras_serializable(package="tfbert")
class BertMainLayer(keras.layers.Layer):
    """Ids in, hidden states out.

    Calling it takes the tensors that every model takes, in the same order, and returns a dict of `last_hidden_state`
    [B, S, D], `pooler_output` [B, D] and, if asked for, the tuples `past_key_values`, `hidden_states`, `attentions` and
    `cross_attentions`. Flags that are None follow the config.

    Args:
        config: `BertConfig`.
        add_pooling_layer: bool, default True.
        execution: str, default "auto". "packed" computes on real tokens only, "padded" on all positions; "xla" is
            "padded" here, and compiled by the model around it. "auto" is "xla" on a machine with a GPU and "packed"
            elsewhere; inputs without an attention mask are not packed. The results are the same at real positions.

    Returns:
        A dict of tensors.

    Raises:
        ValueError: If `execution` is unknown.
    """

    def __init__(self, config, add_pooling_layer=True, execution="auto", **kwargs):
        super().__init__(autocast=False, **kwargs)
        if execution not in EXECUTIONS:
            raise ValueError(f"`execution` must be one of {EXECUTIONS}. Received: {execution!r}.")
        self.config = read_config(config)
        self.add_pooling_layer = add_pooling_layer
        self.execution = execution
        self.embeddings = self.make_embeddings(self.config)
        self.encoder = self.make_encoder(self.config)
        self.pooler = BertPooler(name="pooler", **self._shared) if add_pooling_layer else None

    @property
    def _shared(self) -> dict[str, Any]:
        return {
            "hidden_size": self.config.hidden_size,
            "initializer_range": self.config.initializer_range,
            "dtype": self.dtype_policy,
        }

    def make_embeddings(self, config: BertConfig) -> BertEmbeddings:
        """Return new embeddings as a config says."""
        return BertEmbeddings(
            vocab_size=config.vocab_size,
            max_position_embeddings=config.max_position_embeddings,
            type_vocab_size=config.type_vocab_size,
            layer_norm_eps=config.layer_norm_eps,
            dropout=config.hidden_dropout_prob,
            position_embedding_type=config.position_embedding_type,
            pad_token_id=config.pad_token_id,
            name="embeddings",
            **self._shared,
        )

    def make_encoder(self, config: BertConfig) -> BertEncoder:
        """Return a new stack of layers as a config says."""
        return BertEncoder(
            num_layers=config.num_hidden_layers,
            num_heads=config.num_attention_heads,
            intermediate_size=config.intermediate_size,
            hidden_act=config.hidden_act,
            attention_dropout=config.attention_probs_dropout_prob,
            dropout=config.hidden_dropout_prob,
            layer_norm_eps=config.layer_norm_eps,
            position_embedding_type=config.position_embedding_type,
            max_position_embeddings=config.max_position_embeddings,
            add_cross_attention=config.add_cross_attention,
            pruned_heads=config.pruned_heads,
            name="encoder",
            **self._shared,
        )

    def build(self, input_shape=None):
        self.embeddings.build()
        self.encoder.build()
        if self.pooler is not None:
            self.pooler.build()
        self.built = True

    def call(
        self,
        input_ids=None,
        attention_mask=None,
        token_type_ids=None,
        position_ids=None,
        head_mask=None,
        inputs_embeds=None,
        encoder_hidden_states=None,
        encoder_attention_mask=None,
        past_key_values=None,
        use_cache=None,
        output_attentions=None,
        output_hidden_states=None,
        write_at=None,
        training=False,
    ):
        config = self.config
        batch_size, length = batch_and_length(input_ids if inputs_embeds is None else inputs_embeds)
        first = 0  # P
        if past_key_values:
            first = KeyValues(past_key_values[0][0], past_key_values[0][1], write_at).length
        layout = self._layout(attention_mask, past_key_values, batch_size, length)

        def flat(ids, default):
            """Flat int32 [N] from [B, S], from one row [1, S] for all, or from the default row."""
            ids = default if ids is None else ids
            return layout.flatten(tf.broadcast_to(ids, [batch_size, length]))

        tokens = self.embeddings(
            None if input_ids is None else layout.flatten(input_ids),
            position_ids=flat(position_ids, tf.expand_dims(first + tf.range(length), 0)),
            token_type_ids=flat(token_type_ids, tf.zeros([1, 1], tf.int32)),
            inputs_embeds=None if inputs_embeds is None else layout.flatten(inputs_embeds),
            training=training,
        )  # [N, D]
        shows_attentions = _flag(output_attentions, config.output_attentions)
        if isinstance(layout, PackedLayout) and head_mask is None and not shows_attentions and self._may_share_rows:
            rows = FilledRows(layout, attention_mask)
            bias = rows.bias
        else:
            rows, bias = None, self_attention_bias(attention_mask, length, first, causal=config.is_decoder)
        encoded = self.encoder(
            tokens,
            layout=layout,
            attention_bias=bias,
            rows=rows,
            head_mask=layer_head_masks(head_mask, config.num_hidden_layers, config.num_attention_heads),
            encoder_hidden_states=encoder_hidden_states,
            encoder_bias=cross_attention_bias(encoder_attention_mask),
            past_key_values=past_key_values,
            write_at=write_at,
            training=training,
        )
        outputs: dict[str, Any] = {"last_hidden_state": layout.unflatten(encoded.tokens)}  # [B, S, D]
        if self.pooler is not None:
            outputs["pooler_output"] = self.pooler(outputs["last_hidden_state"])  # [B, D]
        if config.is_decoder and _flag(use_cache, config.use_cache) and all(encoded.key_values):
            outputs["past_key_values"] = tuple(encoded.key_values)
        if _flag(output_hidden_states, config.output_hidden_states):
            outputs["hidden_states"] = tuple(layout.unflatten(state) for state in encoded.hidden_states)
        if shows_attentions:
            outputs["attentions"] = tuple(encoded.attentions)
            if encoded.cross_attentions:
                outputs["cross_attentions"] = tuple(encoded.cross_attentions)
        return outputs

    @property
    def _may_share_rows(self) -> bool:
        """Whether texts may share rows of attention: nothing depends on where in a row a token stands."""
        return not self.config.is_decoder and self.config.position_embedding_type == "absolute"

    def _layout(self, attention_mask, past_key_values, batch_size, length) -> TokenLayout:
        can_pack = attention_mask is not None and len(attention_mask.shape) == 2 and past_key_values is None
        packs = can_pack and self.chosen_execution == "packed"
        return PackedLayout(attention_mask) if packs else PaddedLayout(batch_size, length)

    @property
    def chosen_execution(self) -> str:
        """The `execution`, "auto" decided by the machine."""
        if self.execution != "auto":
            return self.execution
        return "xla" if tf.config.list_physical_devices("GPU") else "packed"

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "config": keras_config_of(self.config),
            "add_pooling_layer": self.add_pooling_layer,
            "execution": self.execution,
        }


def keras_config_of(config: BertConfig) -> dict[str, Any]:
    """Return a config's dict for Keras' archives, which hold registered activation functions too."""
    return {**config.to_dict(), "hidden_act": activation_config(config.hidden_act)}


def read_config(config: BertConfig | dict) -> BertConfig:
    """Return the `BertConfig` of what `keras_config_of` made, or the config itself."""
    if isinstance(config, BertConfig):
        return config
    activation = config.get("hidden_act", "gelu")
    return BertConfig.from_dict(
        {**config, "hidden_act": activation if isinstance(activation, str) else resolve_activation(activation)}
    )


def _flag(given: bool | None, default: bool) -> bool:
    return default if given is None else given
