"""What `fit` is given: the parts of validation data, and what its rows are known by."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.tasks.base.text_dataset import rows_in

FIRST = 100  # rows that stand for all


def validation_parts(given: Any, needs_labels: bool) -> tuple[Any, Any, Any]:
    """Take `validation_data` apart.

    Args:
        given: (text, labels), (text, labels, weights), or text alone in any form, also as (text,).
        needs_labels: bool. Whether text alone will not do, so that a list or a tuple cannot be one of texts.

    Returns:
        Text, labels and weights; what is not there is None.

    Raises:
        ValueError: If there are more parts.

    Example:
        >>> validation_parts(["one text", "another"], needs_labels=False)
        (['one text', 'another'], None, None)
    """
    holds_rows = isinstance(given, tuple | list) and not needs_labels and all(map(_is_row, given))
    if holds_rows or not isinstance(given, tuple | list):
        return given, None, None
    if not 1 <= len(given) <= 3:
        raise ValueError(
            "`validation_data` must be (text, labels), (text, labels, weights) or a dataset. "
            f"Received: a {type(given).__name__} of {len(given)}."
        )
    x, y, sample_weight = (*given, None, None)[:3]
    return x, y, sample_weight


def checksum(rows: tuple[Any, Any, Any]) -> int:
    """Return a number that is another one where the first rows are.

    Args:
        rows: Columns of text by name, labels and weights, as `arrays_dataset` takes them.
    """
    values = [_listed(value) for value in tf.nest.flatten(rows_in(rows, slice(0, FIRST)))]
    return zlib.crc32(repr((sorted(rows[0]), values)).encode())


def _is_row(part: Any) -> bool:
    """Whether it is one text, or one dict of them."""
    return isinstance(part, str | bytes) or (
        isinstance(part, dict) and bool(part) and all(isinstance(text, str | bytes) for text in part.values())
    )


def _listed(values: Any) -> Any:
    return values.to_list() if isinstance(values, tf.RaggedTensor) else np.asarray(values).tolist()
