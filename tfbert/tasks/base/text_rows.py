"""TextRows: text in memory, read window by window, in batches of like length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tfbert.tasks.base.answering import Columns, batches_of_like_length
from tfbert.tasks.base.text_dataset import POOL


class TextRows:
    """Rows of text in memory.

    Rows are sorted by length within windows of fifty batches. Lists and arrays of which there are more are also read
    by such windows, so that a million texts are not held a second time as a tensor; all are read once before, so that
    what is wrong with one shows before any is answered.

    Args:
        inputs: Text in any form that `read` takes.
        read: Function from such text to string columns [B] or [B, C] by name.
        batch_size: int.
        limit: int or None. Pass over the rows after the first so many.

    Raises:
        TypeError, ValueError: As `read`.
    """

    def __init__(self, inputs: Any, read: Callable[[Any], Columns], batch_size: int, limit: int | None = None):
        self._inputs, self._read = inputs, read
        self._batch_size, self._window = batch_size, POOL * batch_size
        count = _row_count(inputs)
        if count <= self._window or not self._reads_in_windows(count):
            columns = read(inputs)
            self._inputs, self._read = columns, lambda part: part
            count = int(next(iter(columns.values())).shape[0])
        self._count = count if limit is None else min(count, limit)

    def __len__(self) -> int:
        return self._count

    def batches(self) -> Iterator[tuple[np.ndarray, Columns]]:
        """Yield the rows of each batch, int64 [B], and their columns."""
        for start in range(0, self._count, self._window):
            columns = self._read(_part(self._inputs, start, min(start + self._window, self._count)))
            for rows, batch in batches_of_like_length(columns, self._batch_size):
                yield start + rows, batch

    def _reads_in_windows(self, count: int) -> bool:
        """Whether windows can be read, and say what the whole says."""
        forms = set()
        for start in range(0, count, self._window):
            try:
                columns = self._read(_part(self._inputs, start, start + self._window))
            except (TypeError, ValueError):
                return False  # the whole says of which row it is
            forms.add(tuple((name, column.shape.rank) for name, column in columns.items()))
            if len(forms) > 1 or any(rank > 1 for _, rank in next(iter(forms))):
                return False  # a list of several texts may be one for all rows
        return True


def _row_count(inputs: Any) -> int:
    """How many rows there are of text that can be cut into windows; else 0."""
    if isinstance(inputs, dict):
        counts = {_row_count(column) for column in inputs.values()}
        return counts.pop() if len(counts) == 1 else 0
    is_cut = isinstance(inputs, list | tuple) or (isinstance(inputs, np.ndarray) and inputs.ndim > 0)
    return len(inputs) if is_cut else 0


def _part(inputs: Any, start: int, stop: int) -> Any:
    if isinstance(inputs, dict):
        return {name: column[start:stop] for name, column in inputs.items()}
    return inputs[start:stop]
