"""Answers as columns of Arrow: their types, and what of a padded array is a row's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from tfbert.optional import import_optional
from tfbert.tasks.served_task import ServedTask

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]


def answer_schema(task: ServedTask) -> pa.Schema:
    """Return the columns of a task's answers: strings, numbers, and lists of them, by name in alphabetical order.

    Args:
        task: `ServedTask`.

    Returns:
        `pyarrow.Schema`.
    """
    pa = import_optional("pyarrow")
    nothing = {column.name: tf.zeros([0, 0] if column.several else [0], tf.string) for column in task.columns}
    answers = task.predict(nothing)  # of no rows, which tells what answers look like in every format
    return pa.schema([pa.field(name, _arrow_type(answers[name])) for name in sorted(answers)])


def _arrow_type(values: np.ndarray) -> pa.DataType:
    pa = import_optional("pyarrow")
    kind = pa.string() if values.dtype == object else pa.from_numpy_dtype(values.dtype)
    for _ in values.shape[1:]:
        kind = pa.list_(kind)
    return kind


def row_values(answers: Mapping[str, np.ndarray], counts: Sequence[int] | None = None) -> dict[str, list[Any]]:
    """Cut what `predict` has padded, so that an answer is the same whichever rows stand beside it.

    Args:
        answers: Mapping from names to arrays [B, …].
        counts: Sequence of int or None. How many texts each row has where it has several, which answers are for.

    Returns:
        A dict of lists with a value for each row: a number, a str, an array [n], or a list of lists.

    Example:
        >>> row_values({"word": np.array([["a", "b"], ["c", ""]], object), "length": np.array([2, 1])})["word"][1]
        array(['c'], dtype=object)
    """
    if "attention_mask" in answers:
        owned = [mask > 0 for mask in answers["attention_mask"]]
    else:
        everything = [None] * len(next(iter(answers.values())))
        owned = [slice(count) for count in answers.get("length", everything if counts is None else counts)]
    return {
        name: values.tolist() if values.ndim == 1 else [_value(row[own]) for row, own in zip(values, owned)]
        for name, values in answers.items()
    }


def _value(values: np.ndarray) -> Any:
    return values if values.ndim == 1 else values.tolist()  # Arrow takes arrays of rank 1 only
