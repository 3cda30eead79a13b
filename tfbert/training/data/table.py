"""Table: rows of one or more files, checked one by one."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

import tensorflow as tf

from tfbert.training.callbacks.epochs import Epochs
from tfbert.training.data.files import find_files, rows_of_file
from tfbert.training.data.row_error import RowError
from tfbert.training.data.row_kinds import kind_of
from tfbert.training.data.row_reader import Row, RowReader
from tfbert.training.data.row_tensors import rows_dataset
from tfbert.training.data.shuffled_rows import ShuffledRows
from tfbert.training.data.text_files import Rows

logger = logging.getLogger("tfbert")

ON_BAD_ROWS = ("raise", "skip")
PROBLEM_TYPES = ("single_label_classification", "multi_label_classification", "regression")


class Table:
    """Rows of files for the training of a task, read anew in each pass and never all in memory.

    Args:
        paths: Path or sequence of paths; see `read_table`.
        task: str, default "text-classification".
        columns: Mapping from the task's columns to those of the files, several for `choices`. A needed one that is
            left out goes by its own name.
        problem_type: str, default "single_label_classification".
        labels: Sequence of str or None. The classes: others are refused, and numbers stand for them unless one is
            named by the number of another.
        label_separator: str, default ",". What stands between several labels in one cell.
        quotes: bool, default True. Whether cells of CSV and TSV may stand in quotation marks.
        on_bad_rows: str, default "raise". "skip" leaves out rows that cannot be used, and logs how many in each pass.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an option is none of those that there are, or the task has no such column.
    """

    def __init__(
        self,
        paths: str | PathLike | Sequence[str | PathLike],
        task: str = "text-classification",
        columns: Mapping[str, str | Sequence[str]] | None = None,
        *,
        problem_type: str = "single_label_classification",
        labels: Sequence[str] | None = None,
        label_separator: str = ",",
        quotes: bool = True,
        on_bad_rows: str = "raise",
    ):
        for name, value, allowed in (
            ("on_bad_rows", on_bad_rows, ON_BAD_ROWS),
            ("problem_type", problem_type, PROBLEM_TYPES),
        ):
            if value not in allowed:
                raise ValueError(f"`{name}` must be one of {list(allowed)}. Received: {value!r}.")
        given = dict(columns or {})
        self.kind = kind_of(task, given)
        self.task = task
        self.columns: dict[str, str | Sequence[str]] = {**{name: name for name in self.kind.needed}, **given}
        self.paths = find_files(paths)
        self.problem_type = problem_type
        self.labels = None if labels is None else list(labels)
        self.label_separator = label_separator
        self.quotes = quotes
        self.on_bad_rows = on_bad_rows
        self.used = self.skipped = 0  # in the last whole pass

    def __iter__(self) -> Iterator[Row]:
        """Read every row.

        Raises:
            ValueError: At a row that cannot be used, unless those are skipped; or if no row is left.
        """
        read = RowReader(self.task, self.kind, self.columns, self.problem_type, self.labels, self.label_separator)
        used, skipped, first = 0, 0, ""
        for path in self.paths:
            for place, cells in self._rows_of(path):
                try:
                    if isinstance(cells, RowError):
                        raise cells
                    row = read(cells)
                except RowError as error:
                    if self.on_bad_rows == "raise":
                        raise ValueError(error.at(path, place)) from error
                    skipped, first = skipped + 1, first or error.at(path, place)
                else:
                    used += 1
                    yield row
        self.used, self.skipped = used, skipped
        if not used:
            names = ", ".join(repr(str(path)) for path in self.paths)
            raise ValueError(f"{names} holds no rows{f' that can be used. The first: {first}' if first else '.'}")
        if skipped:
            logger.warning("Skipped %d of %d rows. The first: %s", skipped, used + skipped, first)

    def _rows_of(self, path: Path) -> Rows:
        names = [name for given in self.columns.values() for name in ([given] if isinstance(given, str) else given)]
        holds_words = self.task == "token-classification" and self.kind.target == "tags"
        return rows_of_file(path, names, holds_words, holds_lines=self.kind.columns == ("text",), quotes=self.quotes)

    @property
    def has_targets(self) -> bool:
        """Whether rows have labels."""
        return self.kind.target in self.columns

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(path.stat().st_size for path in self.paths)

    def dataset(
        self, shuffle_buffer: int = 0, seed: int | None = None, epochs: Callable[[], Epochs] | None = None
    ) -> tf.data.Dataset:
        """Return the rows as `fit` of the task takes them; see `read_table`. Orders may follow those of a `fit`."""
        if self.kind.target == "spans":
            raise ValueError("Spans become words in `fit` only: give it lists of texts and of spans.")
        several = self.problem_type == "multi_label_classification" and self.kind.target == "label"
        if several and self.labels is None:
            self.labels = sorted(count_labels(self))
        rows = ShuffledRows(self, shuffle_buffer, epochs, seed) if shuffle_buffer else self
        return rows_dataset(rows, next(iter(self)), self.labels)


def count_labels(rows: Iterable[Row]) -> Counter[str]:
    """Return how often each class occurs in rows, in one pass; nothing where they are labelled by no names."""
    counts: Counter[str] = Counter()
    for row in rows:
        names = row.target if isinstance(row.target, list) else [row.target]
        counts.update(name for name in names if isinstance(name, str))
    return counts
