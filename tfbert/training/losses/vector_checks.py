"""Checks of the vectors that a contrastive loss takes."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

COLUMNS = ("text", "text_pair", "negative")


def checked_vectors(loss: Any, vectors: Any, least: int) -> tf.Tensor:
    """Return vectors as a tensor; refuse what is not one vector for each text of pairs or triplets.

    Args:
        loss: The loss, for the message.
        vectors: Tensor, array or nested list.
        least: int. The fewest texts a row, 2 or 3.

    Returns:
        float32 [B, T, D].

    Raises:
        ValueError: If the shape is another than [B, T, D] with T of at least `least`.
    """
    vectors = tf.cast(vectors, tf.float32)
    shape = tuple(vectors.shape)
    if len(shape) != 3 or (shape[1] is not None and shape[1] < least):
        example = ", ".join(f"{name!r}: […]" for name in COLUMNS[:least])
        raise ValueError(
            f"{type(loss).__name__} compares the vectors of {least} texts or more a row, [B, T, D], without labels. "
            f"Received: outputs of shape {shape}. Write fit({{{example}}})."
        )
    return vectors
