"""AnswerRows: answers to many rows, put into their places as they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfbert.str_array import as_str_array


class AnswerRows:
    """Arrays of answers that are filled batch by batch, so that no batch is held beside them.

    Args:
        count: int, default 0. How many rows to expect; where there are more, the arrays grow.

    Example:
        >>> import numpy as np
        >>> from tfbert.export.answer_rows import AnswerRows
        >>> answers = AnswerRows(2)
        >>> answers.put({"score": np.array([0.5])}, rows=np.array([1]))
        >>> answers.put({"score": np.array([0.25])}, rows=np.array([0]))
        >>> answers.arrays()["score"].tolist()
        [0.25, 0.5]
    """

    def __init__(self, count: int = 0):
        self._capacity = count
        self._count = 0
        self._arrays: dict[str, np.ndarray] = {}

    def put(self, part: Mapping[str, Any], rows: np.ndarray | None = None) -> None:
        """Put the answers to a batch into their places.

        Args:
            part: dict of tensors [B, …]; ranks are those of earlier batches, widths need not be.
            rows: int [B] or None. The row that each answer belongs to; None is those after the last.
        """
        for name, tensor in part.items():
            values = as_str_array(np.asarray(tensor))
            places = np.arange(self._count, self._count + len(values)) if rows is None else rows
            array = self._with_room(name, int(places.max(initial=-1)) + 1, values)
            array[(places, *(slice(size) for size in values.shape[1:]))] = values
        self._count = max(self._count, int(places.max(initial=-1)) + 1)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the answers, NumPy arrays [N, …]; rows are padded with zeros or "" to the widest."""
        if self._count < self._capacity:  # a view would hold what was never filled
            self._arrays = {name: array[: self._count].copy() for name, array in self._arrays.items()}
            self._capacity = self._count
        return dict(self._arrays)

    def _with_room(self, name: str, count: int, values: np.ndarray) -> np.ndarray:
        """The array of a name, made larger where it has less than so many rows, or columns than `values`."""
        if count > self._capacity:
            self._capacity = max(count, 2 * self._capacity)
        old = self._arrays.get(name, values[:0])
        shape = (self._capacity, *np.maximum(old.shape[1:], values.shape[1:]))
        if name not in self._arrays or old.shape != shape:
            # Of zeros the system gives memory only once they are written.
            new = np.full(shape, "", dtype=object) if values.dtype == object else np.zeros(shape, values.dtype)
            new[tuple(slice(size) for size in (min(self._count, len(old)), *old.shape[1:]))] = old[: self._count]
            self._arrays[name] = new
        return self._arrays[name]
