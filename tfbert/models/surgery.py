"""Parts of a model made anew in another size, with the weights that stay."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

from tfbert.config import BertConfig
from tfbert.layers.embeddings import BertEmbeddings
from tfbert.layers.encoder import BertEncoder
from tfbert.layers.lm_prediction_head import BertLMPredictionHead
from tfbert.layers.self_attention import BertSelfAttention
from tfbert.models.main_layer import BertMainLayer


def pruned_encoder(bert: BertMainLayer, heads_to_prune: Mapping[int, list[int]]) -> tuple[BertConfig, BertEncoder]:
    """Return the config and the encoder without some heads more.

    Args:
        bert: `BertMainLayer`.
        heads_to_prune: dict from layer to list of heads, numbered as in the model that has all of them.

    Returns:
        A tuple of `BertConfig` and a built `BertEncoder`.
    """
    present = bert.config.pruned_heads
    wanted = {layer: {*present.get(layer, []), *heads_to_prune.get(layer, [])} for layer in {*present, *heads_to_prune}}
    config = bert.config.replace(pruned_heads=wanted)
    encoder = bert.make_encoder(config)
    encoder.build()
    encoder.gradient_checkpointing = bert.encoder.gradient_checkpointing
    for index, (old, new) in enumerate(zip(bert.encoder.layers, encoder.layers)):
        had = [head for head in range(config.num_attention_heads) if head not in present.get(index, [])]
        kept = [had.index(head) for head in had if head not in config.pruned_heads.get(index, [])]
        arrays = iter(_without_heads(old.attention, kept))
        inside = {id(weight) for weight in old.attention.weights}
        for source, target in zip(old.weights, new.weights):
            target.assign(next(arrays) if id(source) in inside else source)
    return config, encoder


def _without_heads(attention: BertSelfAttention, kept: list[int]) -> list[np.ndarray]:
    """The weights of an attention with only some of its heads, in the order of `attention.weights`."""
    heads, size = attention.num_heads, attention.head_size

    def columns(array, parts):
        """Keep heads along the last axis, of width parts·H·K."""
        split = array.reshape(*array.shape[:-1], parts, heads, size)[..., kept, :]
        return split.reshape(*array.shape[:-1], parts * len(kept) * size)

    turned = {
        id(attention.qkv.kernel): lambda array: columns(array, 3),
        id(attention.qkv.bias): lambda array: columns(array, 3),
        id(attention.output_dense.kernel): lambda array: columns(array.T, 1).T,
    }
    return [turned.get(id(weight), lambda array: array)(weight.numpy()) for weight in attention.weights]


def resized_embeddings(bert: BertMainLayer, config: BertConfig) -> BertEmbeddings:
    """Return embeddings with another number of rows in the word table.

    Args:
        bert: `BertMainLayer`.
        config: `BertConfig` with the new `vocab_size`.

    Returns:
        Built `BertEmbeddings`; rows beyond the present ones are new.
    """
    embeddings = bert.make_embeddings(config)
    embeddings.build()
    _take_first_rows(bert.embeddings, embeddings)
    return embeddings


def resized_head(head: BertLMPredictionHead, vocab_size: int) -> BertLMPredictionHead:
    """Return a head over another number of pieces.

    Args:
        head: `BertLMPredictionHead`.
        vocab_size: int.

    Returns:
        A built head; the bias of new pieces is 0.
    """
    resized = BertLMPredictionHead.from_config({**head.get_config(), "vocab_size": vocab_size})
    resized.build()
    _take_first_rows(head, resized)
    return resized


def _take_first_rows(old: keras.layers.Layer, new: keras.layers.Layer) -> None:
    """Give each weight of `new` as many first rows of its twin in `old` as both have."""
    for source, target in zip(old.weights, new.weights):
        count = min(source.shape[0], target.shape[0])
        target.assign(np.concatenate([source.numpy()[:count], target.numpy()[count:]]))
