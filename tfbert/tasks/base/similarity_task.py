"""SimilarityTask: what embeddings are made for, similarities, and how they are learned."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.tasks.base.columns import Column, read_columns
from tfbert.tasks.base.task import Task
from tfbert.tasks.base.text_dataset import inputs_of, is_tokenized
from tfbert.tasks.similarity import search, similarity, similarity_pairwise
from tfbert.training.losses.multiple_negatives_ranking_loss import MultipleNegativesRankingLoss
from tfbert.training.losses.vector_checks import COLUMNS
from tfbert.training.metrics import PearsonCorrelation, SpearmanCorrelation
from tfbert.training.objective import Objective

NEGATIVE = Column("negative", optional=True)


class SimilarityTask(Task):
    """A task that compares texts by their vectors.

    A sub-class answers with an "embedding"; where it is trained, with the vectors of the texts of each row,
    "embeddings", and the cosine of the first two, "similarity". `similarity_fn_name` is what it compares by.

    Pairs with a similarity each train the cosine. Pairs and triplets without one train the vectors, with the numbers of
    the texts as labels, equal where texts of the batch are.
    """

    needs_labels = False
    needs_every_label = False
    objectives = (Objective(output="similarity"), Objective("text_numbers", "embeddings"))
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

    # === Training ===

    def read_training_inputs(self, x: Any) -> dict[str, tf.Tensor]:
        return read_columns(x, (*self.columns, NEGATIVE))

    def training_batch(self, columns, *targets):
        if targets:
            return (self.tokenize(columns), *targets)
        return self.tokenize(columns), {"text_numbers": _text_numbers(columns)}

    def loss_function(self, objective, labels=None) -> keras.losses.Loss:
        """Return the loss of scored pairs, or that of pairs and triplets whose negatives are in the batch."""
        if objective.output == "similarity":
            return keras.losses.MeanSquaredError(name="loss")
        return MultipleNegativesRankingLoss()

    def default_metrics(self):
        return [SpearmanCorrelation(), PearsonCorrelation()]

    def check_labels(self, objective, labels, logits) -> None:
        """Labels are checked where they are read."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if isinstance(self.loss, str) and "labels" not in self._labels(x, y):
            raise ValueError(
                f"The loss {self.loss!r} compares similarities: give `y`, one for each pair. For pairs without one "
                "leave `loss` out of compile, or write loss=MultipleNegativesRankingLoss()."
            )
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if "labels" in self._labels(x, y):
            return super().compute_metrics(x, y, y_pred, sample_weight)
        # Metrics compare similarities; without given ones they wait for validation data that has some.
        metrics: Any = self._compile_metrics
        if metrics is not None and not metrics.built:
            metrics.build(*[{"similarity": y_pred["similarity"]}] * 2)
        return {"loss": self._loss_tracker.result()}

    def prepare_dataset_labels(self, dataset):
        if not isinstance(dataset.element_spec, tuple):
            return dataset

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

    def _rows(self, x, y, sample_weight, learn=False):
        if y is None and sample_weight is not None:
            raise ValueError("`sample_weight` weighs pairs that have a similarity: give `y`, or leave it out.")
        return super()._rows(x, y, sample_weight, learn)

    def _tokenized(self, dataset, epochs):
        spec = dataset.element_spec
        columns, is_scored = inputs_of(spec), isinstance(spec, tuple)
        if is_tokenized(columns):
            return super()._tokenized(dataset, epochs)
        if "text_pair" not in columns or ("negative" in columns and is_scored):
            found = f"the columns {list(columns)}{' with labels' if is_scored else ''}"
            raise ValueError(
                f"{type(self).__name__} trains on pairs, alone or with a similarity each, and on triplets: "
                "fit({'text': …, 'text_pair': …}), fit({'text': …, 'text_pair': …}, similarities) or "
                f"fit({{'text': …, 'text_pair': …, 'negative': …}}). Received: {found}."
            )
        if not is_scored and "negative" not in columns:
            dataset = dataset.enumerate().map(_with_other_rows)
        return super()._tokenized(dataset, epochs)


def _text_numbers(columns: dict[str, tf.Tensor]) -> tf.Tensor:
    """Numbers int32 [B, T] of the texts in T columns, equal where texts are."""
    texts = [columns[name] for name in COLUMNS if name in columns]
    numbers = tf.unique(tf.concat(texts, axis=0)).idx
    return tf.transpose(tf.reshape(numbers, [len(texts), -1]))


def _with_other_rows(index, columns):
    """A batch that has negatives; a single pair may be left over at the end, but not come first."""
    message = "A pair learns from the other pairs of its batch: give several, and a batch_size of at least 2."
    has_others = (index > 0) | (tf.size(columns["text"]) > 1)
    with tf.control_dependencies([tf.debugging.Assert(has_others, [message])]):
        return {name: tf.identity(texts) for name, texts in columns.items()}
