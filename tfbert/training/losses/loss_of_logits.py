"""Losses as `compile` takes them, for models whose outputs are logits."""

from __future__ import annotations

from typing import Any

import keras

from tfbert.training.losses.label_losses import cross_entropy

LOSSES = keras.losses
BY_LOGITS = {  # by the function that a name of Keras stands for
    LOSSES.sparse_categorical_crossentropy: cross_entropy,
    LOSSES.categorical_crossentropy: lambda: LOSSES.CategoricalCrossentropy(from_logits=True),
    LOSSES.categorical_focal_crossentropy: lambda: LOSSES.CategoricalFocalCrossentropy(from_logits=True),
    LOSSES.binary_crossentropy: lambda: LOSSES.BinaryCrossentropy(from_logits=True),
    LOSSES.binary_focal_crossentropy: lambda: LOSSES.BinaryFocalCrossentropy(from_logits=True),
}
OF_PROBABILITIES = (LOSSES.kl_divergence, LOSSES.dice, LOSSES.tversky, LOSSES.categorical_generalized_cross_entropy)
OF_ANY_SHAPE = ("crossentropy", "ce")  # Keras chooses a function by the shapes of labels


def loss_of_logits(loss: Any) -> Any:
    """Return a loss that reads logits: Keras' cross-entropies by name as objects, anything else as it is.

    Args:
        loss: What `keras.Model.compile` takes: a name, a function, a `keras.losses.Loss`, None, or a list or dict.

    Returns:
        The same; labels of -100 do not count in what was "sparse_categorical_crossentropy".

    Raises:
        ValueError: If a loss reads probabilities.

    Example:
        >>> loss_of_logits("binary_crossentropy").from_logits
        True
    """
    return keras.tree.map_structure(_of_logits, loss)


def _of_logits(loss: Any) -> Any:
    is_name = isinstance(loss, str)
    if is_name and loss.lower() in OF_ANY_SHAPE:
        raise ValueError(f"`loss` must say which cross-entropy it is. Received: {loss!r}. {_instead()}")
    found = keras.losses.get(loss) if is_name else loss
    function = getattr(found, "fn", found)
    if is_name or function is found:
        for of_probabilities, of_logits in BY_LOGITS.items():
            if function is of_probabilities:
                return of_logits()
    if any(function is each for each in OF_PROBABILITIES) or getattr(found, "from_logits", None) is False:
        raise ValueError(f"`loss` must read logits, but {_described(found)} reads probabilities. {_instead(found)}")
    return loss


def _described(loss: Any) -> str:
    if isinstance(loss, keras.losses.Loss):
        return f"{type(loss).__name__}({'from_logits=False' if hasattr(loss, 'from_logits') else ''})"
    return repr(getattr(loss, "__name__", type(loss).__name__))


def _instead(loss: Any = None) -> str:
    name = type(loss).__name__ if hasattr(loss, "from_logits") else "SparseCategoricalCrossentropy"
    return f"Leave `loss` out for the model's own, or write compile(loss=keras.losses.{name}(from_logits=True))."
