"""Freezing: which parts of a model keep their weights in training."""

from __future__ import annotations

import dataclasses

import keras

from tfbert.models.main_layer import BertMainLayer
from tfbert.option_checks import check_flag, is_integer


@dataclasses.dataclass(frozen=True)
class Freezing:
    """The parts below which nothing learns.

    Args:
        embeddings: bool, default False. Whether the embeddings keep their weights.
        layers: int, default 0. How many transformer layers do, from the lowest up.
    """

    embeddings: bool = False
    layers: int = 0

    def check(self, num_layers: int) -> None:
        """Refuse what a model of so many layers cannot freeze.

        Args:
            num_layers: int.

        Raises:
            ValueError: If a value is out of range.
        """
        check_flag("embeddings", self.embeddings)
        if not is_integer(self.layers) or not 0 <= self.layers <= num_layers:
            raise ValueError(
                f"`layers` must be an integer from 0 to {num_layers}, the model's layers. Received: {self.layers!r}."
            )


def let_learn(bert: BertMainLayer, freezing: Freezing, adapters_only: bool) -> None:
    """Say of every weight of the shared part but the pooler's whether it learns.

    Args:
        bert: `BertMainLayer`.
        freezing: `Freezing`.
        adapters_only: bool. Whether of embeddings and layers nothing but low-rank adapters learns.
    """
    _let(bert.embeddings, learn=not (freezing.embeddings or adapters_only))
    for index, layer in enumerate(bert.encoder.layers):
        _let(layer, learn=index >= freezing.layers)
        if adapters_only:
            for weight in layer.trainable_weights:
                weight.trainable = weight.name in ("lora_a", "lora_b")


def _let(layer: keras.layers.Layer, learn: bool) -> None:
    layer.trainable = not learn  # first, since Keras passes over a flag that is set to what it was
    layer.trainable = learn
