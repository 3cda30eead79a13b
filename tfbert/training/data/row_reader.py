"""RowReader: the cells of a file's row as text and label of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tfbert.training.data import cells
from tfbert.training.data.row_error import RowError
from tfbert.training.data.row_kinds import RowKind

NEXT_SENTENCE = ("IS_NEXT", "NOT_NEXT")


class Row(NamedTuple):
    """One row.

    Args:
        inputs: dict from column to str, or to a list of str.
        target: What it is labelled with: a name, a list of names, a number, a dict, or None.
    """

    inputs: dict[str, Any]
    target: Any = None


class RowReader:
    """A function from cells to a `Row`, which refuses with a `RowError` what cannot be trained on.

    Args:
        task: str.
        kind: `RowKind`.
        columns: Mapping from the task's columns to those of the file.
        problem_type: str.
        labels: Sequence of str or None. The classes; see `cells.known_label`.
        label_separator: str. What stands between several labels in one cell.
    """

    def __init__(
        self,
        task: str,
        kind: RowKind,
        columns: Mapping[str, str | Sequence[str]],
        problem_type: str,
        labels: Sequence[str] | None,
        label_separator: str,
    ):
        self.kind = kind
        self.columns = columns
        self.problem_type = problem_type
        self.labels = labels
        self.label_separator = label_separator
        self._read_target = {
            "next-sentence-prediction": self._next_sentence,
            "multiple-choice": self._choice,
            "question-answering": lambda cell, column, inputs: cells.read_answer(cell, column, inputs["context"]),
            "token-classification": self._spans if kind.target == "spans" else self._tags,
            "text-embedding": lambda cell, column, inputs: cells.read_number(cell, column, -1.0, 1.0),
        }.get(task, self._classes)

    def __call__(self, row: Mapping[str, Any]) -> Row:
        inputs = {name: self._input(row, name) for name in self.columns if name != self.kind.target}
        column: Any = self.columns.get(self.kind.target or "")
        return Row(inputs, None if column is None else self._read_target(_cell(row, column), column, inputs))

    def _input(self, row: Mapping[str, Any], name: str) -> Any:
        column = self.columns[name]
        if not isinstance(column, str):
            return [cells.read_text(_cell(row, one), one) for one in column]
        cell = _cell(row, column)
        if name in ("tokens", "choices"):
            return cells.read_list(cell, column, splits=name == "tokens")
        return cells.read_text(cell, column, may_be_empty=name == "text_pair" and name in self.kind.optional)

    # === Labels ===

    def _classes(self, cell: Any, column: str, inputs: Mapping[str, Any]) -> Any:
        if self.problem_type == "regression":
            return cells.read_number(cell, column)
        if self.problem_type == "multi_label_classification":
            names = cells.read_list(cell, column, self.label_separator)
            return [cells.known_label(name, self.labels) for name in names]
        return cells.known_label(cells.read_label(cell, column), self.labels)

    def _tags(self, cell: Any, column: str, inputs: Mapping[str, Any]) -> list[str]:
        tags = cells.read_list(cell, column)
        if len(tags) != len(inputs["tokens"]):
            raise RowError(f"has {len(inputs['tokens'])} words and {len(tags)} labels")
        return [cells.known_label(tag, self.labels) for tag in tags]

    def _spans(self, cell: Any, column: str, inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
        spans = cells.read_spans(cell, column, inputs["text"])
        for span in spans if self.labels is not None else ():
            cells.known_label(f"B-{span['label']}", self.labels)
        return spans

    def _choice(self, cell: Any, column: str, inputs: Mapping[str, Any]) -> int:
        label, choices = cells.read_label(cell, column), inputs["choices"]
        place = int(label) if label.isdecimal() and int(label) < len(choices) else None
        if place is not None and (isinstance(cell, int | float) or label not in choices):
            return place
        if label not in choices:
            raise RowError(f"holds no choice under {column!r}", f": {label!r}, beside {len(choices)} choices from 0 on")
        if place not in (None, choices.index(label)):
            advice = "Write places as numbers, in .jsonl or .parquet"
            raise RowError(f"may mean a choice or its place under {column!r}", f": {label!r}. {advice}")
        return choices.index(label)

    def _next_sentence(self, cell: Any, column: str, inputs: Mapping[str, Any]) -> str:
        return cells.known_label(cells.read_label(cell, column), NEXT_SENTENCE)


def _cell(row: Mapping[str, Any], column: str) -> Any:
    if column not in row:
        raise RowError(f"has no {column!r}", f"; it has {sorted(map(str, row))}")
    return row[column]
