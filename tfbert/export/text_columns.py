"""Every form in which a user may hand over text, as NumPy columns; what `tfbert.tasks.base.columns` is to tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Columns = dict[str, np.ndarray]


def text_columns(x: Any, ranks: Mapping[str, int], taker: str) -> Columns:
    """Turn text into columns of str objects by name.

    Args:
        x: A dict of columns or a pandas DataFrame; a list of dicts, one for each row; or the text of the first column
            alone (rows of two texts are pairs, if pairs are taken). A column of several texts a row is a list for
            each row, an array or a tensor [B, C]; or one list for all rows.
        ranks: Mapping. 1 for columns [B], one text a row, and 2 for [B, C], several; the first is 1.
        taker: str. What takes them, for error messages: "The file 'a.tflite'".

    Returns:
        A dict of arrays [B], or [B, C] with C at least 1, "" where a row has fewer.

    Raises:
        TypeError: If something is no text.
        ValueError: If names, shapes or numbers of rows do not fit, or a text is no valid Unicode.

    Example:
        >>> given = text_columns({"text": ["one", "two"], "choices": ["a", "b"]}, {"text": 1, "choices": 2}, "It")
        >>> given["choices"].tolist()
        [['a', 'b'], ['a', 'b']]
    """
    names = list(ranks)
    if isinstance(x, list | tuple) and x and all(isinstance(row, Mapping) for row in x):
        x = _columns_of_rows(x, ranks)
    elif hasattr(x, "columns") and hasattr(x, "items"):  # a pandas DataFrame
        x = dict(x.items())
    elif not isinstance(x, Mapping):
        x = _named(x, names, taker)
    if set(x) != set(names):
        raise ValueError(f"{taker} takes {names}. Received the keys: {sorted(map(str, x))}.")
    columns = {name: _texts(x[name], name) for name in names if ranks[name] == 1}
    count = len(columns[names[0]])
    columns = {name: columns[name] if name in columns else _slots(x[name], name, count) for name in names}
    if len({len(column) for column in columns.values()}) > 1:
        found = " and ".join(str(len(column)) for column in columns.values())
        raise ValueError(f"{names} must have the same number of rows. Received: {found}.")
    return columns


def _named(x: Any, names: Sequence[str], taker: str) -> dict[str, Any]:
    """Text without names: that of the only column; or rows of two texts where pairs are taken."""
    if len(names) == 1:
        return {names[0]: x}
    takes_pairs = names[1:] == ["text_pair"]
    rows = _listed(x, names[0], ("[B]", "[B, 2]")) if takes_pairs else [x]
    if not (takes_pairs and all(_is_list(row) and len(row) == 2 for row in rows)):
        example = ", ".join(f"{name!r}: […]" for name in names)
        pairs = ", or rows of two texts" if takes_pairs else ""
        raise TypeError(f"{taker} takes {{{example}}}{pairs}. Received: {type(x).__name__}.")
    pairs_of_text = [_listed(row, names[0]) for row in rows]
    return {name: [row[side] for row in pairs_of_text] for side, name in enumerate(names)}


def _columns_of_rows(rows: Sequence[Mapping[str, Any]], ranks: Mapping[str, int]) -> dict[str, list]:
    """A dict of columns from a dict for each row; a single one of several texts is a list of one."""
    names = sorted(map(str, rows[0]))
    for index, row in enumerate(rows):
        if sorted(map(str, row)) != names:
            found = sorted(map(str, row))
            raise ValueError(f"All rows must have the same keys. Received: {names}, and {found} at row {index}.")
    return {name: [_listed(row[name], name) if ranks.get(name) == 2 else row[name] for row in rows] for name in rows[0]}


def _is_list(row: Any) -> bool:
    """Whether a row is several texts."""
    return isinstance(row, list | tuple) or getattr(row, "ndim", 0) == 1


def _listed(value: Any, name: str, shapes: Sequence[str] = ("[B]",)) -> list:
    """Text of any form as a list of its rows; arrays have rank 1, or 2 where two shapes are named."""
    if isinstance(value, str | bytes):
        return [value]
    if hasattr(value, "__array__"):
        array = np.asarray(value, dtype=object)
        if not 1 <= array.ndim <= len(shapes):
            raise ValueError(f"`{name}` must be strings of shape {' or '.join(shapes)}. Received: {array.shape}.")
        return array.tolist()
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"`{name}` must be a string, a list or an array of strings. Received: {type(value).__name__}.")


def _texts(value: Any, name: str) -> np.ndarray:
    """One text a row as str objects [B], never an array of fixed width, which loses NUL at the end."""
    texts = [_checked(text, name, row) for row, text in enumerate(_listed(value, name))]
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def _slots(value: Any, name: str, count: int) -> np.ndarray:
    """Several texts a row as str objects [B, C], C at least 1, filled up with ""; one list is for all rows."""
    rows = _listed(value, name, ("[C]", "[B, C]"))
    if not (rows and all(map(_is_list, rows))):
        rows = [rows] * count
    lists = [[_checked(text, name, row) for text in _listed(texts, name)] for row, texts in enumerate(rows)]
    array = np.full([len(lists), max([1, *map(len, lists)])], "", object)
    for row, texts in enumerate(lists):
        array[row, : len(texts)] = texts
    return array


def byte_lengths(columns: Columns) -> np.ndarray:
    """Return how much there is to do for each row: its bytes, of which a token has some four.

    Args:
        columns: dict of arrays of str objects [B] or [B, C].

    Returns:
        int64 [B]; of several texts the longest counts.

    Example:
        >>> byte_lengths({"text": np.array(["a", "é"], object)}).tolist()
        [1, 2]
    """
    return np.sum([_lengths(column) for column in columns.values()], axis=0)


def _lengths(column: np.ndarray) -> np.ndarray:
    lengths = np.array([len(text.encode()) for text in column.reshape(-1)], np.int64).reshape(column.shape)
    return lengths if column.ndim == 1 else lengths.max(axis=1, initial=0)


def _checked(text: Any, name: str, row: int) -> str:
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    if not isinstance(text, str):
        raise TypeError(f"`{name}` must hold strings only. Received: {text!r} ({type(text).__name__}) at row {row}.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"`{name}` holds a lone surrogate at row {row}, which is no valid Unicode: {text!r}. Clean it first: "
            "text.encode('utf-8', 'replace').decode()."
        ) from error
    return str(text)
