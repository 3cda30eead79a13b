"""Rows of text to ask an exported model with: the probes that it was checked on, as columns of str."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOST_ROWS, MOST_CHARACTERS = 4, 200  # recorded hidden states of many long texts would outweigh the model

Columns = dict[str, list[Any]]


def text_columns_of(probe: Mapping[str, Sequence[Any]]) -> Columns:
    """Return a probe with Python str in the place of bytes; what is no UTF-8 is replaced.

    Args:
        probe: dict of columns of texts, or of lists of texts.

    Returns:
        A dict of lists.
    """
    return {name: [_text(value) for value in column] for name, column in probe.items()}


def short_rows(columns: Columns) -> Columns:
    """Return the first few short rows; the first one of all where none is short."""
    sizes = [len(str(row)) for row in zip(*columns.values())]
    rows = [row for row, size in enumerate(sizes) if size <= MOST_CHARACTERS][:MOST_ROWS] or [0]
    return {name: [column[row] for row in rows] for name, column in columns.items()}


def row_count(columns: Mapping[str, Sequence[Any]]) -> int:
    """Return how many rows columns have."""
    return len(next(iter(columns.values())))


def cycled(columns: Mapping[str, Sequence[Any]], count: int) -> Columns:
    """Return so many rows, the first again after the last.

    Args:
        columns: dict of columns of at least one row.
        count: int.

    Returns:
        A dict of lists.

    Example:
        >>> cycled({"text": ["a", "b"]}, 3)
        {'text': ['a', 'b', 'a']}
    """
    return {name: [column[row % len(column)] for row in range(count)] for name, column in columns.items()}


def longest_row(columns: Columns) -> Columns:
    """Return the row with the most characters, of those without an empty text if there are such."""
    rows = list(zip(*columns.values()))
    row = max(range(len(rows)), key=lambda place: (all(rows[place]), len(str(rows[place]))))
    return {name: column[row : row + 1] for name, column in columns.items()}


def _text(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_text(part) for part in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
