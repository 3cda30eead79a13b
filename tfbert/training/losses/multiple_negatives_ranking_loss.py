"""MultipleNegativesRankingLoss: each text has to find its own positive among all texts of the batch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.layers.sentence_pooling import unit_length
from tfbert.training.distributed.replicas import rows_before_replica, rows_of_all_replicas
from tfbert.training.losses.vector_checks import checked_vectors

SIMILARITIES = ("cosine", "dot")


@keras.saving.register_keras_serializable(package="tfbert")
class MultipleNegativesRankingLoss(keras.losses.Loss):
    """Cross-entropy of an anchor's similarities with every positive and every negative of the batch.

    Calling it takes the numbers of texts int [B, T], equal where texts are, and their vectors float32 [B, T, D]: of an
    anchor, its positive, and perhaps its hard negatives. A text that equals an anchor or its positive, or is the
    positive of an equal anchor, is not counted as a negative of that anchor.

    Args:
        scale: float, default 20.0. Similarities are multiplied by it; 1 / temperature.
        symmetric: bool, default False. Let each positive find its anchor, too; the mean of both counts.
        similarity: str, default "cosine". Or "dot".
        **kwargs: `name` and `reduction` of the Keras loss.

    Raises:
        ValueError: If an option is out of range, or the vectors are not those of pairs or triplets.

    Example:
        >>> loss = MultipleNegativesRankingLoss()
        >>> vectors = [[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]]
        >>> round(float(loss([[0, 1], [2, 3]], vectors)), 6)
        0.0

    Source: the loss of that name in sentence-transformers, and its symmetric form; Henderson et al., "Efficient
        Natural Language Response Suggestion for Smart Reply" (2017), section 4.4.
    """

    def __init__(self, scale=20.0, symmetric=False, similarity="cosine", name="loss", **kwargs):
        super().__init__(name=name, **kwargs)
        if not scale > 0:
            raise ValueError(f"`scale` must be above 0. Received: {scale!r}.")
        if similarity not in SIMILARITIES:
            raise ValueError(f"`similarity` must be one of {SIMILARITIES}. Received: {similarity!r}.")
        self.scale = scale
        self.symmetric = symmetric
        self.similarity = similarity

    def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
        """Return the loss of each anchor, float32 [B]; on several devices it looks among the texts of all."""
        vectors = checked_vectors(self, y_pred, least=2)
        first, rows = rows_before_replica(vectors), tf.shape(vectors)[0]
        numbers = rows_of_all_replicas(tf.convert_to_tensor(y_true))
        return self._of_whole_batch(numbers, rows_of_all_replicas(vectors))[first : first + rows]

    def _of_whole_batch(self, numbers: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
        vectors = unit_length(vectors) if self.similarity == "cosine" else vectors
        anchors, candidates = vectors[:, 0], _one_below_the_other(vectors[:, 1:])  # [B, D], [C, D]
        scores = self.scale * tf.matmul(anchors, candidates, transpose_b=True)
        scores = tf.where(_is_no_negative(numbers), scores.dtype.min, scores)  # [B, C]
        own = tf.range(tf.shape(scores)[0])
        found = tf.nn.sparse_softmax_cross_entropy_with_logits(own, scores)
        if not self.symmetric:
            return found
        of_positives = tf.transpose(scores[:, : tf.shape(scores)[0]])
        return (found + tf.nn.sparse_softmax_cross_entropy_with_logits(own, of_positives)) / 2

    def get_config(self):
        """Return every constructor argument."""
        own = {"scale": self.scale, "symmetric": self.symmetric, "similarity": self.similarity}
        return {**super().get_config(), **own}


def _one_below_the_other(rows: tf.Tensor) -> tf.Tensor:
    """Entries [B, T, …] as [T·B, …]: all positives, then all negatives."""
    return tf.concat(tf.unstack(rows, axis=1), axis=0)


def _is_no_negative(numbers: tf.Tensor) -> tf.Tensor:
    """Where a candidate is as right for an anchor as its own positive, without that one; bool [B, C]."""
    anchor, positive, candidate = numbers[:, :1], numbers[:, 1:2], _one_below_the_other(numbers[:, 1:])
    is_right = (candidate == anchor) | (candidate == positive)
    rows, count = tf.shape(numbers)[0], tf.size(candidate)
    others = tf.zeros([rows, count - rows], tf.bool)
    is_right |= tf.concat([anchor == tf.transpose(anchor), others], axis=1)
    return is_right & ~tf.eye(rows, count, dtype=tf.bool)
