"""BertMainLayer: embeddings, transformer layers and pooler; the part that every BERT model shares.

Letters: B batch, S positions, N tokens, D width.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.layers.embeddings import BertEmbeddings
from tfbert.layers.encoder import BertEncoder
from tfbert.layers.pooler import BertPooler
from tfbert.layers.token_layout import PackedLayout, PaddedLayout, TokenLayout

EXECUTIONS = ("auto", "packed", "padded")


@keras.saving.register_keras_serializable(package="tfbert")
class BertMainLayer(keras.layers.Layer):
    """Ids in, hidden states out.

    Calling it takes int32 [B, S] `input_ids`, `attention_mask`, `token_type_ids`, `position_ids`, or `inputs_embeds`
    [B, S, D] in place of `input_ids`, and returns a dict of `last_hidden_state` [B, S, D], `pooler_output` [B, D] and,
    if asked for, the tuples `hidden_states` and `attentions`.

    Args:
        config: `BertConfig`.
        add_pooling_layer: bool, default True.
        execution: str, default "auto". "packed" computes on real tokens only, "padded" on all positions; "auto" packs
            on a machine without a GPU where an attention mask is given. The results are the same at real positions.

    Returns:
        A dict of tensors.

    Raises:
        ValueError: If the config asks for what this version has not.
    """

    def __init__(self, config, add_pooling_layer=True, execution="auto", **kwargs):
        super().__init__(autocast=False, **kwargs)
        if isinstance(config, dict):
            config = BertConfig.from_dict(config)
        _check_supported(config)
        if execution not in EXECUTIONS:
            raise ValueError(f"`execution` must be one of {EXECUTIONS}. Received: {execution!r}.")
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        self.execution = execution
        shared = {
            "hidden_size": config.hidden_size,
            "initializer_range": config.initializer_range,
            "dtype": self.dtype_policy,
        }
        self.embeddings = BertEmbeddings(
            vocab_size=config.vocab_size,
            max_position_embeddings=config.max_position_embeddings,
            type_vocab_size=config.type_vocab_size,
            layer_norm_eps=config.layer_norm_eps,
            dropout=config.hidden_dropout_prob,
            name="embeddings",
            **shared,
        )
        self.encoder = BertEncoder(
            num_layers=config.num_hidden_layers,
            num_heads=config.num_attention_heads,
            intermediate_size=config.intermediate_size,
            hidden_act=config.hidden_act,
            attention_dropout=config.attention_probs_dropout_prob,
            dropout=config.hidden_dropout_prob,
            layer_norm_eps=config.layer_norm_eps,
            name="encoder",
            **shared,
        )
        self.pooler = BertPooler(name="pooler", **shared) if add_pooling_layer else None

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
        output_attentions=False,
        output_hidden_states=False,
        training=False,
    ):
        dense = input_ids if inputs_embeds is None else inputs_embeds
        batch_size, length = _batch_and_length(dense)
        layout = self._layout(attention_mask, batch_size, length)

        def flat(ids, default):
            """Flat int32 [N] from [B, S], from one row [1, S] for all, or from the default row."""
            ids = default if ids is None else ids
            return layout.flatten(tf.broadcast_to(ids, [batch_size, length]))

        tokens = self.embeddings(
            None if input_ids is None else layout.flatten(input_ids),
            position_ids=flat(position_ids, tf.expand_dims(tf.range(length), 0)),
            token_type_ids=flat(token_type_ids, tf.zeros([1, 1], tf.int32)),
            inputs_embeds=None if inputs_embeds is None else layout.flatten(inputs_embeds),
            training=training,
        )  # [N, D]
        tokens, hidden_states, attentions = self.encoder(
            tokens,
            layout=layout,
            attention_bias=_attention_bias(attention_mask),
            head_mask=_head_mask(head_mask, self.config.num_hidden_layers, self.config.num_attention_heads),
            training=training,
        )
        outputs = {"last_hidden_state": layout.unflatten(tokens)}  # [B, S, D]
        if self.pooler is not None:
            outputs["pooler_output"] = self.pooler(outputs["last_hidden_state"])  # [B, D]
        if output_hidden_states:
            outputs["hidden_states"] = tuple(layout.unflatten(state) for state in hidden_states)
        if output_attentions:
            outputs["attentions"] = tuple(attentions)
        return outputs

    def _layout(self, attention_mask, batch_size, length) -> TokenLayout:
        can_pack = attention_mask is not None and len(attention_mask.shape) == 2
        on_cpu = not tf.config.list_physical_devices("GPU")
        wants_packing = self.execution == "packed" or (self.execution == "auto" and on_cpu)
        return PackedLayout(attention_mask) if can_pack and wants_packing else PaddedLayout(batch_size, length)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "config": self.config.to_dict(),
            "add_pooling_layer": self.add_pooling_layer,
            "execution": self.execution,
        }


def _batch_and_length(dense):
    """B and S: Python ints where they are static, so that shapes stay static."""
    dynamic = tf.shape(dense)
    return tuple(dense.shape[axis] if dense.shape[axis] is not None else dynamic[axis] for axis in (0, 1))


def _attention_bias(attention_mask):
    """Float32 [B, 1, 1, S] (or [B, 1, S, S] from a mask [B, S, S]): 0 where a query may look, else the lowest float.

    A row without any real token attends to all positions alike, as in PyTorch.
    """
    if attention_mask is None:
        return tf.zeros([1, 1, 1, 1])
    rows = attention_mask[:, None, None, :] if len(attention_mask.shape) == 2 else attention_mask[:, None]
    return (1.0 - tf.cast(rows, tf.float32)) * tf.float32.min


def _head_mask(head_mask, num_layers, num_heads):
    """[L, 1 or B, H, 1, 1] from [H] or [L, H], 1 where a head is kept; other ranks are taken as they are."""
    if head_mask is None or len(head_mask.shape) > 2:
        return head_mask
    shape, expected = tuple(head_mask.shape), (num_layers, num_heads)[2 - len(head_mask.shape) :]
    if shape != expected:
        raise ValueError(f"`head_mask` must have the shape {expected}. Received: {shape}.")
    rows = head_mask if len(head_mask.shape) == 2 else tf.repeat(head_mask[None], num_layers, axis=0)
    return rows[:, None, :, None, None]


def _check_supported(config: BertConfig) -> None:
    """Refuse configs whose meaning this version would silently change."""
    if config.is_decoder or config.add_cross_attention:
        raise ValueError(
            "Decoders are not part of this version. Received: "
            f"is_decoder={config.is_decoder}, add_cross_attention={config.add_cross_attention}. "
            "For the encoder alone write from_pretrained(folder, is_decoder=False, add_cross_attention=False)."
        )
    if config.position_embedding_type != "absolute":
        raise ValueError(
            "`position_embedding_type` must be 'absolute' in this version. "
            f"Received: {config.position_embedding_type!r}."
        )
