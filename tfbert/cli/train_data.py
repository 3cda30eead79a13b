"""Rows that `tfbert train` works on: in memory where files are small, else as a stream."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from tfbert.cli.train_arguments import columns_of
from tfbert.tasks.base.label_learner import LabelLearner
from tfbert.tasks.base.task import Task
from tfbert.tasks.labels.span_labels import names_of_spans
from tfbert.training.callbacks.epochs import Epochs
from tfbert.training.data.row_reader import Row
from tfbert.training.data.table import Table, count_labels
from tfbert.training.losses.label_losses import problem_type_of

IN_MEMORY = 100 * 2**20  # bytes of files


@dataclasses.dataclass(frozen=True)
class TrainingRows:
    """Rows of files.

    Args:
        table: `Table`.
        count: int. Rows that can be used.
        labels: `Counter` of the classes.
        rows: list of `Row`; None where they are streamed.
    """

    table: Table
    count: int
    labels: Counter[str]
    rows: list[Row] | None

    @classmethod
    def read(cls, table: Table) -> TrainingRows:
        """Read files: into memory, or once through them to count rows and classes and find what is wrong."""
        if table.size <= IN_MEMORY or table.kind.target == "spans":
            return cls._of(table, list(table))
        labels = count_labels(table)
        return cls(table, table.used, labels, None)

    @classmethod
    def _of(cls, table: Table, rows: list[Row]) -> TrainingRows:
        return cls(table, len(rows), count_labels(rows), rows)

    def __iter__(self) -> Iterator[Row]:
        """Run through the rows, which are read again where they are streamed."""
        return iter(self.table if self.rows is None else self.rows)

    def split(self, share: float) -> tuple[TrainingRows, TrainingRows]:
        """Return the first rows, and the given share of last ones."""
        if self.rows is None:
            raise ValueError("--validation-split needs data of up to 100 MB. Give --validation-data.")
        cut = int(self.count * (1.0 - share))
        if cut in (0, self.count):
            raise ValueError(f"--validation-split {share} leaves no rows on one side of {self.count}.")
        return self._of(self.table, self.rows[:cut]), self._of(self.table, self.rows[cut:])

    def texts_and_labels(
        self, batch_size: int, epochs: Callable[[], Epochs] | None = None, buffer: int = 0
    ) -> tuple[Any, Any]:
        """Return what `fit` and `evaluate` take as `x` and `y`; a stream is shuffled anew in each of the epochs."""
        if self.rows is not None:
            return texts_of(self.rows), [row.target for row in self.rows] if self.table.has_targets else None
        dataset = self.table.dataset(buffer if epochs is not None else 0, epochs=epochs)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(self.count))
        return (dataset.batch(batch_size) if self.table.task == "token-classification" else dataset), None


def texts_of(rows: Sequence[Row]) -> Any:
    """Return the texts of rows as a task takes them: columns, or lists of words."""
    names = list(rows[0].inputs)
    columns = {name: [row.inputs[name] for row in rows] for name in names}
    return columns[names[0]] if names in (["tokens"], ["text"]) else columns


def read_data(options: argparse.Namespace, task: Task) -> tuple[TrainingRows, dict[str, TrainingRows]]:
    """Read all files, and let the task learn the classes of the training rows.

    Args:
        options: What `add_arguments` parsed.
        task: The task.

    Returns:
        The rows to train on; and "validation" and "test" rows as far as there are some.

    Raises:
        ValueError: If a row cannot be used, or names a class that the task does not know.
    """
    training = TrainingRows.read(_table(options, task, options.data))
    others = {}
    if options.validation_split:
        training, others["validation"] = training.split(options.validation_split)
        if new := sorted(others["validation"].labels.keys() - training.labels.keys()):
            raise ValueError(
                f"No row is left to train the class {new[0]!r} on: all of them are among the last ones, which "
                "--validation-split holds out. Shuffle the file, or give --validation-data."
            )
    learn_classes(task, training)
    for part, files in (("validation", options.validation_data), ("test", options.test_data)):
        if files:
            others[part] = TrainingRows.read(_table(options, task, files))
    return training, others


def learn_classes(task: Task, training: TrainingRows) -> None:
    """Name the classes by those of the training rows, if nobody has; tell of classes without rows."""
    names = sorted(training.labels)
    if training.table.kind.target == "spans":
        names = names_of_spans([row.target for row in training.rows or ()])
    of_words = training.table.task == "token-classification"
    task.learn_labels(None, [names] if of_words else names)
    if not isinstance(task, LabelLearner) or not training.labels:
        return
    missing = [name for name in task.label_names() if name not in training.labels]
    if missing:
        shown = ", ".join(map(repr, missing[:20]))
        print(f"tfbert: no training rows for {len(missing)} of the classes: {shown}", file=sys.stderr)


def _table(options: argparse.Namespace, task: Task, files: Sequence[str]) -> Table:
    known = isinstance(task, LabelLearner) and not task.learns_labels
    return Table(
        files,
        task.task_name,
        columns_of(options),
        problem_type=problem_type_of(task.config) if isinstance(task, LabelLearner) else "single_label_classification",
        labels=task.label_names() if known else None,
        label_separator=options.label_separator,
        quotes=not options.no_quotes,
        on_bad_rows="skip" if options.skip_bad_rows else "raise",
    )
