"""From the names and layouts of other kinds of checkpoints to PyTorch's, by the columns of the one table."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping

import numpy as np

from tfbert.checkpoints.names.turns import turned
from tfbert.checkpoints.names.weight_row import Dialect, Row
from tfbert.checkpoints.names.weight_table import TABLE
from tfbert.checkpoints.stored_tensor import StoredTensor


def torch_name(name: str, dialect: Dialect) -> str | None:
    """Return PyTorch's name of a weight, or None where the table has no such name.

    Args:
        name: str. The name in the dialect, as its column spells it.
        dialect: str, "tf", "tf1" or "tf2".

    Returns:
        str or None.

    Example:
        >>> torch_name("bert/encoder/layer_3/output/dense/kernel", "tf1")
        'bert.encoder.layer.3.output.dense.weight'
    """
    for pattern, meaning in _patterns(dialect):
        match = pattern.fullmatch(name)
        if match is not None:
            return meaning.replace("{i}", match[1]) if match.groups() else meaning
    return None


def from_dialect(tensors: Mapping[str, StoredTensor], dialect: Dialect) -> dict[str, StoredTensor]:
    """Give tensors PyTorch's names and layout; what the table does not know keeps both.

    Args:
        tensors: dict from the dialect's name to `StoredTensor`.
        dialect: str, "tf", "tf1" or "tf2".

    Returns:
        A dict from PyTorch's name to `StoredTensor`.

    Raises:
        ValueError: If nothing in it is a weight of BERT.
    """

    def weights_of(name: str, tensor: StoredTensor) -> dict[str, StoredTensor]:
        meaning = torch_name(name, dialect)
        if meaning is None:
            return {}
        return {meaning: turned(tensor, np.transpose) if name.endswith("/kernel") else tensor}

    return _translated(tensors, weights_of)


def from_variables(tensors: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """Give variables of our own models PyTorch's names and layout; what the table does not know keeps both.

    Args:
        tensors: dict from the variable's Keras path to `StoredTensor`.

    Returns:
        A dict from PyTorch's name to `StoredTensor`.

    Raises:
        ValueError: If nothing in it is a weight of BERT.
    """

    def weights_of(name: str, tensor: StoredTensor) -> dict[str, StoredTensor]:
        row = _row_of_variable(name)
        return {} if row is None else parts_of(row, tensor)

    return _translated(tensors, weights_of)


def _translated(
    tensors: Mapping[str, StoredTensor], weights_of: Callable[[str, StoredTensor], dict[str, StoredTensor]]
) -> dict[str, StoredTensor]:
    """PyTorch's weights in place of each tensor that has any; what is left comes last, as it is."""
    found: dict[str, StoredTensor] = {}
    rest: dict[str, StoredTensor] = {}
    for name, tensor in tensors.items():
        weights = weights_of(name, tensor)
        found.update(weights)
        if not weights:
            rest[name] = tensor
    _refuse_foreign(found, rest)
    return {**found, **rest}


def parts_of(row: Row, tensor: StoredTensor) -> dict[str, StoredTensor]:
    """Split one variable into the weights that PyTorch has in its place.

    Args:
        row: `Row` of the variable, its layer filled in.
        tensor: `StoredTensor` with the variable's values.

    Returns:
        A dict from PyTorch's name to `StoredTensor`.
    """

    def part(index):
        return lambda array: row.turn.to_checkpoint(array)[index]

    return {name: turned(tensor, part(index)) for index, name in enumerate(row.names())}


@functools.cache
def _patterns(dialect: Dialect) -> list[tuple[re.Pattern[str], str]]:
    """For each weight: what its name looks like, and PyTorch's name."""
    return [(_pattern(name), meaning) for row in TABLE for name, meaning in zip(row.names(dialect), row.names())]


def _row_of_variable(path: str) -> Row | None:
    """Return the row of a variable with its layer filled in."""
    for pattern, row in _variable_patterns():
        match = pattern.fullmatch(path)
        if match is not None:
            return row.at_layer(int(match[1])) if match.groups() else row
    return None


@functools.cache
def _variable_patterns() -> list[tuple[re.Pattern[str], Row]]:
    return [(_pattern(row.variable_path), row) for row in TABLE]


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(re.escape(name).replace(re.escape("{i}"), "(0|[1-9][0-9]*)"))


def _refuse_foreign(found: Mapping[str, StoredTensor], rest: Mapping[str, StoredTensor]) -> None:
    if found or not rest:
        return
    first = next(iter(rest.values()))
    raise ValueError(
        f"{first.source!r} holds no weight of BERT; its first of {len(rest)} tensors is {first.name!r}. "
        "Check that the file is a BERT checkpoint of the kind that its name says."
    )
