"""What a row holds for each task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class RowKind(NamedTuple):
    """The columns of a task's rows.

    Args:
        inputs: tuple of str. Columns of text that every row has.
        target: str or None. The column of labels.
        optional: tuple of str. Columns that may be left out; the one of labels may be among them.
    """

    inputs: tuple[str, ...]
    target: str | None = None
    optional: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column."""
        return tuple(dict.fromkeys((*self.inputs, *self.optional, *((self.target,) if self.target else ()))))

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that cannot be left out."""
        return tuple(name for name in self.columns if name not in self.optional)


SPANS = RowKind(("text",), "spans")
KINDS = {
    "text-classification": RowKind(("text",), "label", ("text_pair",)),
    "zero-shot-classification": RowKind(("text", "text_pair"), "label"),
    "token-classification": RowKind(("tokens",), "tags"),
    "question-answering": RowKind(("question", "context"), "answers"),
    "multiple-choice": RowKind(("text", "choices"), "label"),
    "fill-mask": RowKind(("text",)),
    "text-generation": RowKind(("text",)),
    "text-embedding": RowKind(("text", "text_pair"), "score", ("negative", "score")),
    "next-sentence-prediction": RowKind(("text", "text_pair"), "label"),
}


def kind_of(task: str, columns: Iterable[str]) -> RowKind:
    """Return the kind of a task's rows.

    Args:
        task: str.
        columns: Names of columns that the user gave; "spans" among them means texts with spans instead of words.

    Returns:
        A `RowKind`.

    Raises:
        ValueError: If files cannot train the task, or it has no such column.
    """
    if task not in KINDS:
        raise ValueError(f"`task` must be one of {list(KINDS)}. Received: {task!r}.")
    given = set(columns)
    kind = SPANS if task == "token-classification" and "spans" in given else KINDS[task]
    if unknown := sorted(given - set(kind.columns)):
        raise ValueError(f"Rows for {task} have no {unknown[0]!r}; they have {', '.join(kind.columns)}.")
    return kind
