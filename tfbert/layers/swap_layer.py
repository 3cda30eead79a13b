"""Putting another layer in the place of one that a built layer already holds."""

from __future__ import annotations

import keras


def swap_layer(owner: keras.layers.Layer, name: str, replacement: keras.layers.Layer) -> None:
    """Replace an attribute of a layer or model by another built layer, and forget the old one.

    Keras refuses new state in a built layer, and goes on training and saving a layer that was only overwritten. The
    new one takes the old one's place in the order of variables, by which Keras saves an optimizer's state.

    Args:
        owner: The layer or model whose attribute it is.
        name: str. The attribute.
        replacement: The new layer.
    """
    tracker = owner._tracker
    was_locked = tracker.locked
    old = getattr(owner, name)
    place = next(index for index, layer in enumerate(owner._layers) if layer is old)
    tracker.unlock()
    tracker.untrack(old)
    setattr(owner, name, replacement)
    owner._layers.insert(place, owner._layers.pop())
    if was_locked:
        tracker.lock()
