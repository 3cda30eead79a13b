"""Answers to many rows: in batches of like length, put together in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.tokenization.text_input import as_str_array

Columns = dict[str, tf.Tensor]


class AnswerFunction:
    """A task's call as one graph for each set of columns, whatever their lengths.

    Args:
        task: The task.
    """

    def __init__(self, task: Any):
        self._task = task
        self._state: Any = None
        self._traced: dict[tuple[str, ...], Any] = {}

    def __call__(self, columns: Columns) -> dict[str, tf.Tensor]:
        """Return the task's answers to a batch of columns."""
        if self._task.run_eagerly:
            return self._task(columns, training=False)
        state = (id(self._task.config), self._task.options())
        if self._state != state:  # other options, labels or another head, perhaps by way of a twin
            self._traced, self._state = {}, state
        names = tuple(columns)
        if names not in self._traced:
            specs = [
                tf.TensorSpec([None] * column.shape.rank, tf.string, name=name) for name, column in columns.items()
            ]
            self._traced[names] = tf.function(
                lambda *texts: self._task(dict(zip(names, texts)), training=False),
                input_signature=specs,
                autograph=False,
            )
        return self._traced[names](*columns.values())


def batches_of_like_length(columns: Columns, batch_size: int) -> Iterator[tuple[np.ndarray, Columns]]:
    """Cut rows into batches, long texts with long ones, so that little is padded.

    Args:
        columns: dict of string tensors [N, …].
        batch_size: int.

    Yields:
        The rows of a batch, int64 [B], and their columns.
    """
    length: Any = 0
    for column in columns.values():
        sizes = tf.strings.length(column).numpy()
        length = length + (sizes.sum(axis=1) if sizes.ndim == 2 else sizes)
    order = np.argsort(length, kind="stable")
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        yield rows, {name: tf.gather(column, rows) for name, column in columns.items()}


def joined_answers(parts: Iterable[Mapping[str, Any]], order: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Put the answers to batches together, rows padded with zeros or "" to the widest.

    Args:
        parts: Iterable of dicts of tensors [B, …]; ranks are alike, widths need not be.
        order: int [N] or None. The row that each answer belongs to, where batches are not in the order of rows.

    Returns:
        A dict of NumPy arrays [N, …]; strings are Python str.
    """
    arrays = [{name: as_str_array(np.asarray(value)) for name, value in part.items()} for part in parts]
    joined = {name: _concatenated([part[name] for part in arrays]) for name in arrays[0]}
    if order is None:
        return joined
    place = np.argsort(order, kind="stable")
    return {name: values[place] for name, values in joined.items()}


def _concatenated(arrays: list[np.ndarray]) -> np.ndarray:
    widest = np.max([array.shape[1:] for array in arrays], axis=0)
    if all(array.shape[1:] == tuple(widest) for array in arrays):
        return np.concatenate(arrays)
    rows = sum(len(array) for array in arrays)
    padding = "" if arrays[0].dtype == object else np.zeros([], arrays[0].dtype)
    joined = np.full((rows, *map(int, widest)), padding, dtype=arrays[0].dtype)
    begin = 0
    for array in arrays:
        place = (slice(begin, begin + len(array)), *(slice(0, size) for size in array.shape[1:]))
        joined[place] = array
        begin += len(array)
    return joined
