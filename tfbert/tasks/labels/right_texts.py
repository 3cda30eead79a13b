"""All answers that people gave to a question, as one column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

TEXT = "text"
RIGHT_TEXTS = "right_texts"


def with_right_texts(labels: Mapping[str, Any], answers: Any) -> dict[str, Any]:
    """Add to what a question is trained on all answers to it that are right.

    Args:
        labels: dict of columns, as `as_columns` returns them.
        answers: What they were made of, in a form that `read_answers` takes.

    Returns:
        The labels and `right_texts`, bytes [N, A], "" behind a row's last.
    """
    rows = answers[TEXT] if isinstance(answers, Mapping) else [row[TEXT] for row in answers]
    texts = [[row] if isinstance(row, str | bytes) else list(row) for row in rows]
    right = np.full([len(texts), max(map(len, texts), default=0)], b"", object)
    for row, given in enumerate(texts):
        right[row, : len(given)] = [text.encode() if isinstance(text, str) else text for text in given]
    return {**labels, RIGHT_TEXTS: right}


def right_texts(labels: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Return the right answers, string [B] or [B, A], of a batch of labels; a user's dataset holds one each."""
    return labels.get(RIGHT_TEXTS, labels[TEXT])
