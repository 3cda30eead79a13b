"""TextClassifier: text to classes, to several labels, or to a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.option_checks import check_choice, check_count
from tfbert.tasks.base.sequence_classifier import SequenceClassifier
from tfbert.tasks.labels.class_labels import is_regression

FUNCTIONS = (None, "softmax", "sigmoid", "none")


@keras.saving.register_keras_serializable(package="tfbert")
class TextClassifier(SequenceClassifier):
    """Text in, label and score out; pairs of texts alike.

    Called on text [B] it returns `label` string [B] and `score` float32 [B], `labels` and `scores` [B, K] best first,
    and `logits` float32 [B, K]; a regression, and a model with a single label, return `score` alone, float32 [B].

    Labels for `fit` are class numbers or names; several labels a text are rows of 0 and 1, or lists of names. A model
    whose classes nobody has named yet learns the names: `id2label` becomes the sorted distinct labels.

    Args:
        model: `TFBertForSequenceClassification`.
        tokenizer: `FastBertTokenizer`.
        top_k: int or None, default None. How many labels `labels` and `scores` hold; None is all.
        function_to_apply: str or None, default None. What makes scores of logits: "softmax", "sigmoid" or "none"; None
            is none for a regression, sigmoid for several labels a text and for a model with a single label, else
            softmax.
        **kwargs: `learns_labels` and `num_labels`, see `SequenceClassifier`; `name` of the Keras model.

    Example:
        >>> classifier = TextClassifier.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        >>> classifier.fit(["I love it", "I hate it"], ["good", "bad"], epochs=10)  # doctest: +SKIP
        >>> classifier.predict(["Lovely"])["label"]  # doctest: +SKIP
        array(['good'], dtype=object)

    Source: the text-classification pipeline of Hugging Face transformers.
    """

    task_name = "text-classification"

    option_names = ("top_k", "function_to_apply")

    def __init__(self, model, tokenizer, top_k=None, function_to_apply=None, **kwargs):
        super().__init__(model, tokenizer, **kwargs)
        check_count("top_k", top_k, optional=True)
        check_choice("function_to_apply", function_to_apply, FUNCTIONS)
        self.top_k = top_k
        self.function_to_apply = function_to_apply

    decodes_ids = True

    @property
    def example_method(self):
        if not is_regression(self.config):
            return "classify"
        return "regress" if self.config.num_labels == 1 else None  # one number for each example

    def decode(self, outputs, features, columns):
        logits, config = outputs["logits"], self.config
        scores = self._scores(logits)
        if is_regression(config):
            return {"score": scores[:, 0] if config.num_labels == 1 else scores}
        count = min(self.top_k or config.num_labels, config.num_labels)
        scores, order = tf.math.top_k(scores, k=count)  # [B, K], best first
        names = tf.constant([config.id2label[index] for index in range(config.num_labels)])
        labels = tf.gather(names, order)
        return {"label": labels[:, 0], "score": scores[:, 0], "labels": labels, "scores": scores, "logits": logits}

    def _scores(self, logits):
        """Logits as the function makes them, by default what the kind of model asks for."""
        function = self.function_to_apply
        if function is None:
            problem_type = self.config.problem_type
            several = problem_type == "multi_label_classification" or self.config.num_labels == 1
            function = "none" if problem_type == "regression" else "sigmoid" if several else "softmax"
        return {"softmax": tf.nn.softmax, "sigmoid": tf.sigmoid, "none": tf.identity}[function](logits)

    def rank(
        self, query: str, passages: Sequence[str], top_k: int | None = None, batch_size: int = 32
    ) -> list[dict[str, Any]]:
        """Order passages by how well they answer a query: re-ranking with a cross-encoder.

        Args:
            query: str.
            passages: Sequence of str.
            top_k: int or None, default None. How many to return; None is all.
            batch_size: int, default 32. Pairs at a time.

        Returns:
            A list of dicts with `index` (the passage's place in `passages`), `score` and `text`, best first.

        Raises:
            ValueError: If the model has several labels, so that a pair has no one score.

        Example:
            >>> reranker = TextClassifier.from_pretrained("path/to/cross-encoder")  # doctest: +SKIP
            >>> reranker.rank("Who wrote Faust?", ["A river", "A play by Goethe"], top_k=1)  # doctest: +SKIP
            [{'index': 1, 'score': 0.97, 'text': 'A play by Goethe'}]

        Source: `CrossEncoder.rank` of sentence-transformers.
        """
        check_count("top_k", top_k, optional=True)
        if not isinstance(query, str) or isinstance(passages, str):
            raise TypeError(
                "`rank` takes one query and a list of passages: rank('…', ['…', '…']). "
                f"Received: {type(query).__name__} and {type(passages).__name__}."
            )
        if self.config.num_labels != 1:
            raise ValueError(
                f"`rank` needs a model with a single label. Received: one with {list(self.config.label2id)}. "
                "Write predict({'text': …, 'text_pair': …}) and order the pairs by the score of one of them."
            )
        texts = list(passages)
        if not texts:
            return []
        pairs = {"text": [query] * len(texts), "text_pair": texts}
        scores = self.predict(pairs, batch_size=batch_size, verbose=0)["score"]
        order = np.argsort(-scores, kind="stable")[:top_k]
        return [{"index": int(place), "score": float(scores[place]), "text": texts[place]} for place in order]
