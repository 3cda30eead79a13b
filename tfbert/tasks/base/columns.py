"""The text columns that a task takes, and every form in which a user may hand them over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfbert.tokenization.text_input import as_text


class Column(NamedTuple):
    """One text input of a task.

    Args:
        name: str. Its name in dicts and signatures.
        several: bool, default False. Whether a row has several texts, [B, C] instead of [B]; "" is none.
        optional: bool, default False. Whether a user may leave it out.
    """

    name: str
    several: bool = False
    optional: bool = False


TEXT = Column("text")
TEXT_PAIR = Column("text_pair", optional=True)


def read_columns(inputs: Any, columns: Sequence[Column]) -> dict[str, tf.Tensor]:
    """Turn a task's input into string tensors by name.

    Args:
        inputs: A dict of columns or a pandas DataFrame; a list of dicts, one for each row; or, where the first column
            alone is needed, anything that `as_text` takes (rows of two texts are pairs, if the task takes pairs). A
            column of several texts a row is a list of lists, an array or a tensor [B, C], or ragged; or one list for
            all rows.
        columns: Sequence of `Column`.

    Returns:
        A dict of `tf.string` tensors [B], or [B, C] for columns of several texts, "" where a row has fewer.

    Raises:
        TypeError, ValueError: As `as_text`; also for unknown keys and columns of different lengths.

    Example:
        >>> given = read_columns({"text": ["one", "two"], "choices": ["a", "b"]}, [TEXT, Column("choices", True)])
        >>> given["choices"].numpy().tolist()
        [[b'a', b'b'], [b'a', b'b']]
    """
    if isinstance(inputs, list | tuple) and inputs and all(isinstance(row, dict) for row in inputs):
        inputs = _columns_of_rows(inputs, columns)
    if hasattr(inputs, "columns") and hasattr(inputs, "items"):  # a pandas DataFrame
        inputs = dict(inputs.items())
    if not isinstance(inputs, dict):
        return _without_names(inputs, columns)
    _check_keys(inputs, columns)
    given = [column for column in columns if inputs.get(column.name) is not None]
    read = {column.name: _read(inputs[column.name], column) for column in given}
    rows = read[given[0].name]
    for column in given:
        if column.several and read[column.name].shape.rank == 1:
            shared = read[column.name]
            read[column.name] = tf.broadcast_to(shared, [tf.shape(rows)[0], tf.shape(shared)[0]])
    counts = [tensor.shape[0] for tensor in read.values()]
    if len({count for count in counts if count is not None}) > 1:
        names = " and ".join(f"`{name}`" for name in read)
        found = " and ".join(map(str, counts))
        raise ValueError(f"{names} must have the same number of rows. Received: {found}.")
    return read


def _columns_of_rows(rows: Sequence[dict], columns: Sequence[Column]) -> dict[str, Any]:
    """A dict of columns from a dict for each row."""
    names = set(rows[0])
    for index, row in enumerate(rows):
        if set(row) != names:
            raise ValueError(
                f"All rows must have the same keys. Received: {sorted(names)}, and {sorted(row)} at row {index}."
            )
    _check_keys(rows[0], columns)
    several = {column.name for column in columns if column.several}
    return {name: [_as_list(row[name]) if name in several else row[name] for row in rows] for name in rows[0]}


def _as_list(texts: Any) -> Any:
    """Several texts of one row; a single one is a list of one."""
    return [texts] if isinstance(texts, str | bytes) else texts


def _check_keys(inputs: dict, columns: Sequence[Column]) -> None:
    needed = [column.name for column in columns if not column.optional]
    known = {column.name for column in columns}
    if not set(inputs) <= known or any(inputs.get(name) is None for name in needed):
        optional = [column.name for column in columns if column.optional]
        further = f" and, for pairs, {_listed(optional)}" if optional else ""
        raise ValueError(
            f"A dict of texts must have the key{'s' if len(needed) > 1 else ''} {_listed(needed)}{further}. "
            f"Received the keys: {sorted(map(str, inputs))}."
        )


def _without_names(inputs: Any, columns: Sequence[Column]) -> dict[str, tf.Tensor]:
    """Text of a task that can do with its first column; rows of two texts are pairs."""
    first, *others = columns
    if any(not column.optional for column in others):
        example = ", ".join(f"{column.name!r}: {'[…]' if column.several else '…'}" for column in columns)
        raise TypeError(f"This task takes a dict of texts: {{{example}}}. Received: {type(inputs).__name__}.")
    text = as_text(inputs, first.name)
    if len(text.shape) == 1:
        return {first.name: text}
    if not others:
        raise ValueError(f"`{first.name}` must be one text a row, [B]. Received: {tuple(text.shape)}, pairs.")
    return {first.name: text[:, 0], others[0].name: text[:, 1]}


def _read(value: Any, column: Column) -> tf.Tensor:
    if column.several:
        return _read_several(value, column.name)
    text = as_text(value, column.name)
    if len(text.shape) != 1:
        raise ValueError(f"`{column.name}` must have the shape [B] inside a dict. Received: {tuple(text.shape)}.")
    return text


def _read_several(value: Any, name: str) -> tf.Tensor:
    """[B, C], or [C] for all rows."""
    if isinstance(value, tf.RaggedTensor):
        value = value.to_tensor("")
    if not tf.is_tensor(value):
        rows = value if isinstance(value, list | tuple | np.ndarray) else list(value)
        if len(rows) and all(isinstance(row, list | tuple | np.ndarray) for row in rows):
            width = max(map(len, rows))
            value = [[*row, *[""] * (width - len(row))] for row in rows]
            flat = as_text([text for row in value for text in row] or tf.constant([], tf.string), name)
            return tf.reshape(flat, [len(rows), width])
        value = as_text(value, name)
    if value.dtype != tf.string or value.shape.rank not in (1, 2):
        raise ValueError(
            f"`{name}` must be strings of shape [B, C], or [C] for all rows. "
            f"Received: {value.dtype.name} of shape {value.shape}."
        )
    return value


def _listed(names: Sequence[str]) -> str:
    return " and ".join(map(repr, names))
