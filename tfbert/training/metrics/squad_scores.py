"""SquadScores: how well answers agree with those that people gave."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

ARTICLES = re.compile(r"\b(a|an|the)\b")
WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


@keras.saving.register_keras_serializable(package="tfbert")
class SquadScores(keras.metrics.Metric):
    """Exact match and F1 of answers in words, without case, punctuation and articles, as shares from 0 to 1.

    `update_state` takes answers, a sequence of N str, and as `y_true` for each the right one or a list of right ones,
    of which the best counts; "" or an empty list says that there is none. It works outside graphs only. `result()` is
    a dict of `exact_match` and `f1`, 0 before any answer.

    Args:
        name: str, default "squad".
        dtype: str or None.

    Raises:
        TypeError: If something is no text.
        ValueError: If there are not as many answers as rows, or weights are given.

    Example:
        >>> metric = SquadScores()
        >>> metric.update_state([["Berlin", "in Berlin"]], ["the Berlin!"])
        >>> {name: float(share) for name, share in metric.result().items()}
        {'exact_match': 1.0, 'f1': 1.0}

    Source: `evaluate-v2.0.py` of SQuAD; Rajpurkar et al., "SQuAD" (2016), section 6.1. That script gives percent.
    """

    def __init__(self, name="squad", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        self.sums = self.add_variable(shape=(3,), initializer="zeros", name="sums")  # exact, F1, answers

    def update_state(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            raise ValueError("SquadScores takes no weights.")
        if not tf.executing_eagerly() or tf.is_symbolic_tensor(y_pred):
            raise TypeError("SquadScores compares texts outside graphs: give it the answers of `predict`.")
        right = [_texts(row) for row in _entries(y_true)]
        answers = [_text(answer) for answer in _entries(y_pred)]
        if len(right) != len(answers):
            raise ValueError(f"`y_true` must have one entry for each answer, {len(answers)}. Received: {len(right)}.")
        scores = [_best_scores(*row) for row in zip(answers, right)]
        self.sums.assign_add(np.array([*np.sum(scores, axis=0), len(scores)] if scores else [0.0] * 3, np.float32))

    def result(self):
        exact, f1, count = tf.unstack(tf.convert_to_tensor(self.sums))
        return {"exact_match": tf.math.divide_no_nan(exact, count), "f1": tf.math.divide_no_nan(f1, count)}


def _best_scores(answer: str, right: list[str]) -> tuple[float, float]:
    """Exact match and F1 with the right answer that is best for each."""
    found, expected = _words(answer), [_words(text) for text in right]
    expected = [words for words in expected if words] or [[]]
    return max(float(found == words) for words in expected), max(_f1(found, words) for words in expected)


def _f1(found: list[str], expected: list[str]) -> float:
    if not found or not expected:
        return float(found == expected)
    shared = (Counter(found) & Counter(expected)).total()
    return 2.0 * shared / (len(found) + len(expected))


def _words(text: str) -> list[str]:
    """The words of a text that count."""
    return ARTICLES.sub(" ", text.lower().translate(WITHOUT_PUNCTUATION)).split()


def _entries(values: Any) -> list[Any]:
    if tf.is_tensor(values):
        values = values.numpy()
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"Answers must be a list or an array of texts. Received: {values!r}.")
    return list(values)


def _texts(entry: Any) -> list[str]:
    """The right answers of a row."""
    return [_text(entry)] if isinstance(entry, str | bytes) else [_text(text) for text in _entries(entry)]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if not isinstance(value, str):
        raise TypeError(f"Answers must be texts. Received: {value!r}.")
    return value
