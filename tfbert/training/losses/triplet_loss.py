"""TripletLoss: a text has to be nearer to its positive than to its negative, by a margin."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.layers.sentence_pooling import unit_length
from tfbert.training.losses.vector_checks import checked_vectors

TINY = 1e-12  # keeps the slope of a square root finite where two vectors are the same


@keras.saving.register_keras_serializable(package="tfbert")
class TripletLoss(keras.losses.Loss):
    """The distance to the positive, less that to the negative, plus a margin; 0 where that is below 0.

    Calling it takes the numbers of texts int [B, 3], which it does not need, and their vectors float32 [B, 3, D]: of an
    anchor, its positive and its negative.

    Args:
        margin: float, default 5.0. Vectors of length 1 are at most 2 apart: 0.5 does for them.
        distance: str, default "euclidean". Or "manhattan", or "cosine" for 1 - cosine.
        **kwargs: `name` and `reduction` of the Keras loss.

    Raises:
        ValueError: If an option is out of range, or the vectors are not those of triplets.

    Example:
        >>> loss = TripletLoss(margin=1.0)
        >>> float(loss([[0, 1, 2]], [[[0.0, 0.0], [3.0, 0.0], [0.0, 2.5]]]))
        1.5

    Source: the loss of that name in sentence-transformers; Reimers & Gurevych, "Sentence-BERT" (2019), section 3.
    """

    def __init__(self, margin=5.0, distance="euclidean", name="loss", **kwargs):
        super().__init__(name=name, **kwargs)
        if not margin >= 0:
            raise ValueError(f"`margin` must be at least 0. Received: {margin!r}.")
        if distance not in DISTANCES:
            raise ValueError(f"`distance` must be one of {tuple(DISTANCES)}. Received: {distance!r}.")
        self.margin = margin
        self.distance = distance

    def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
        """Return the loss of each triplet, float32 [B]."""
        vectors = checked_vectors(self, y_pred, least=3)
        anchor, positive, negative = vectors[:, 0], vectors[:, 1], vectors[:, 2]
        far = DISTANCES[self.distance]
        return tf.nn.relu(far(anchor, positive) - far(anchor, negative) + self.margin)

    def get_config(self):
        """Return every constructor argument."""
        return {**super().get_config(), "margin": self.margin, "distance": self.distance}


def _euclidean(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_sum((a - b) ** 2, axis=-1) + TINY)


def _manhattan(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.abs(a - b), axis=-1)


def _cosine(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return 1.0 - tf.reduce_sum(unit_length(a) * unit_length(b), axis=-1)


DISTANCES = {"euclidean": _euclidean, "manhattan": _manhattan, "cosine": _cosine}
