"""The dense layers of a TextEmbedder, as Keras has them and as sentence-transformers stores them."""

from __future__ import annotations

import keras
import numpy as np

from tfbert.checkpoints.sentence_dense import SentenceDense


def dense_layer(stored: SentenceDense) -> keras.layers.Dense:
    """Return a stored Dense module as a Keras layer."""
    outer, inner = stored.weight.shape
    # Vectors are float32 from the pooling on.
    layer = keras.layers.Dense(outer, stored.activation, use_bias=stored.bias is not None, dtype="float32")
    layer.build((None, inner))
    layer.set_weights([stored.weight.T] if stored.bias is None else [stored.weight.T, stored.bias])
    return layer


def stored_dense(layer: keras.layers.Dense) -> SentenceDense:
    """Return a Keras layer as a Dense module is stored."""
    bias = np.asarray(layer.bias) if layer.use_bias else None
    return SentenceDense(np.asarray(layer.kernel).T, bias, keras.activations.serialize(layer.activation))


def width_after(layer: keras.layers.Dense, width: int) -> int:
    """Return the width of vectors after a dense layer, which is built here if it is new.

    Args:
        layer: `keras.layers.Dense`.
        width: int. The width before it.

    Returns:
        int.

    Raises:
        TypeError: If it is no dense layer.
        ValueError: If it was built for vectors of another width.
    """
    if not isinstance(layer, keras.layers.Dense):
        raise TypeError(f"`dense` must hold layers of keras.layers.Dense. Received: {type(layer).__name__}.")
    if not layer.built:
        layer.build((None, width))
    if layer.kernel.shape[0] != width:
        raise ValueError(
            f"A dense layer takes vectors of width {layer.kernel.shape[0]}, but those before it have {width}. "
            "Choose the pooling that it was trained with."
        )
    return layer.units
