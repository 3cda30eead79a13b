"""The form of a model that loses least where weights and activations are rounded to 8 bits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras

from tfbert.layers.smoothed_dense import SmoothedDense
from tfbert.layers.swap_layer import swap_layer
from tfbert.models.main_layer import BertMainLayer


@contextlib.contextmanager
def eight_bit_form(bert: BertMainLayer, run: Callable[[], Any]) -> Iterator[None]:
    """Let a model be traced in another form that gives the same: rounded tables, and products with smoothed inputs.

    The tables of words and positions become int8 with a scale for each row. The two products that follow a layer
    normalisation get inputs of like size in all channels (`SmoothedDense`); smoothing the other two gains nothing.

    Args:
        bert: `BertMainLayer`, which is as before afterwards.
        run: Function that runs the model eagerly on examples; any texts will do, since which channels are large
            depends on the model alone.

    Yields:
        Nothing.
    """
    places = [place for layer in bert.encoder.layers for place in ((layer.attention, "qkv"), (layer, "intermediate"))]
    # Other layers, such as adapters that were not merged, stay as they are.
    usual = [
        (owner, name, layer) for owner, name in places if type(layer := getattr(owner, name)) is keras.layers.Dense
    ]
    smoothed = [SmoothedDense(layer) for _, _, layer in usual]
    try:
        for (owner, name, _), layer in zip(usual, smoothed):
            swap_layer(owner, name, layer)
        run()
        for layer in smoothed:
            layer.settle()
        with bert.embeddings.rounded():
            yield
    finally:
        for owner, name, layer in usual:
            swap_layer(owner, name, layer)
