"""SimilarityTask: what embeddings are made for, similarities, and how they are learned."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.tasks.base.task import Task
from tfbert.tasks.similarity import search, similarity, similarity_pairwise
from tfbert.training.objective import Objective


class SimilarityTask(Task):
    """A task that compares texts by their vectors.

    A sub-class answers with an "embedding", and with the cosines of pairs, "similarity", where it is trained;
    `similarity_fn_name` is what it compares by.
    """

    objectives = (Objective(output="similarity"),)
    similarity_fn_name: str

    def similarity(self, a: Any, b: Any) -> np.ndarray:
        """Return how alike each of `a` is to each of `b`.

        Args:
            a: Texts, or embeddings [A, D].
            b: Texts, or embeddings [B, D].

        Returns:
            float32 [A, B].
        """
        return similarity(self._vectors(a), self._vectors(b), self.similarity_fn_name)

    def similarity_pairwise(self, a: Any, b: Any) -> np.ndarray:
        """Return how alike each of `a` is to the one of `b` in the same row.

        Args:
            a: Texts, or embeddings [N, D].
            b: Texts, or embeddings [N, D].

        Returns:
            float32 [N].
        """
        return similarity_pairwise(self._vectors(a), self._vectors(b), self.similarity_fn_name)

    def search(self, queries: Any, corpus: Any, top_k: int = 10) -> list[list[dict[str, Any]]]:
        """Return what of a corpus is most like each query.

        Where queries and corpus have prompts of their own, embed each by its task, such as
        `embedder.with_options(prompt_name="query").predict(queries)["embedding"]`, and search in the vectors.

        Args:
            queries: Texts, or embeddings [Q, D].
            corpus: Texts, or embeddings [N, D].
            top_k: int, default 10. How many to return for each query.

        Returns:
            For each query a list of {"corpus_id": int, "score": float}, best first.
        """
        return search(self._vectors(queries), self._vectors(corpus), top_k, self.similarity_fn_name)

    def _vectors(self, given: Any) -> Any:
        """Embeddings as they are, texts embedded."""
        is_text = isinstance(given, tf.data.Dataset | dict) or np.asarray(given).dtype.kind not in "fiub"
        return self.predict(given, verbose=0)["embedding"] if is_text else given

    # === Training on similarities of pairs ===

    def loss_function(self, objective, labels=None) -> keras.losses.Loss:
        """Return the mean squared error between cosine and given similarity."""
        return keras.losses.MeanSquaredError(name="loss")

    def prepare_dataset_labels(self, dataset):
        def check(pair, similarity, *rest):
            message = "A similarity must lie from -1 to 1."
            similarity = tf.cast(similarity, tf.float32)
            with tf.control_dependencies([tf.debugging.assert_less_equal(tf.abs(similarity), 1.0, message=message)]):
                return (pair, tf.identity(similarity), *rest)

        return dataset.map(check)

    def prepare_labels(self, labels: Any) -> np.ndarray:
        try:
            similarities = np.asarray(labels, dtype=np.float32)
        except (TypeError, ValueError) as error:
            message = f"`y` must hold one similarity from -1 to 1 for each pair. Received: {labels!r}."
            raise ValueError(message) from error
        if similarities.ndim != 1 or not np.isfinite(similarities).all() or np.abs(similarities).max(initial=0) > 1:
            raise ValueError(
                "`y` must hold one similarity from -1 to 1 for each pair. "
                f"Received: shape {similarities.shape}, values from {similarities.min()} to {similarities.max()}."
            )
        return similarities

    def _tokenized(self, dataset):
        dataset = super()._tokenized(dataset)
        if "input_ids" in dataset.element_spec[0]:
            raise ValueError(
                f"{type(self).__name__} trains on pairs with a similarity each: "
                "fit({'text': first, 'text_pair': second}, similarities)."
            )
        return dataset
