"""TableScorer: tables of text in, the same tables with answers out, whatever is wrong with some rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from tfbert.option_checks import check_count
from tfbert.optional import import_optional
from tfbert.scoring.answer_columns import answer_schema, row_values
from tfbert.scoring.failing_rows import answered_by_halves, reason
from tfbert.scoring.opened_models import model_path, opened_model
from tfbert.tasks.base.text_dataset import POOL
from tfbert.tasks.served_task import ServedTask

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

TextColumns = str | Sequence[str] | Mapping[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableScorer:
    """A function from tables of Arrow to tables of Arrow that travels to other processes; `make` checks and makes one.

    Rows keep their order. A row without text has no answer. A row that fails, such as a value that is no text, has no
    answer and says why in the column `error`; its neighbours are answered.

    Args:
        model_path: str. An exported model, opened once in each process; see `opened_model`.
        inputs: dict. The column for each text that the model takes.
        keep: tuple of str. The columns that go through as they are.
        prefix: str. What the names of the columns of answers begin with.
        batch_size: int. Rows that the model sees at a time.
        threads: int or None. Cores that an answer may use.
        answers: `pyarrow.Schema`. The columns of answers, without the prefix.
    """

    model_path: str
    inputs: dict[str, str]
    keep: tuple[str, ...]
    prefix: str
    batch_size: int
    threads: int | None
    answers: pa.Schema

    @classmethod
    def make(
        cls,
        model_dir: str | PathLike,
        text_col: TextColumns,
        columns: Sequence[str],
        *,
        keep: Sequence[str] | None = None,
        prefix: str = "",
        batch_size: int = 32,
        threads: int | None = None,
    ) -> TableScorer:
        """Open the model here, and say what it makes of tables.

        Args:
            model_dir: Path of a SavedModel, or of a LiteRT or ONNX file.
            text_col: The column of text; for models of several texts a list of columns, or a dict such as
                {"question": "q", "context": "c"}.
            columns: Sequence of str. The columns of the tables to come.
            keep: Sequence of str or None, default None. The columns that go through; None is all.
            prefix: str, default "".
            batch_size: int, default 32.
            threads: int or None, default None. For the processes that answer, not for this one.

        Returns:
            `TableScorer`.

        Raises:
            FileNotFoundError: If there is no model.
            ValueError: If columns are missing, or answers would take their names.
        """
        check_count("batch_size", batch_size)
        check_count("threads", threads, optional=True)
        task = opened_model(model_dir)
        inputs = _inputs(task, text_col)
        kept = tuple(columns if keep is None else [keep] if isinstance(keep, str) else keep)
        missing = [name for name in (*inputs.values(), *kept) if list(columns).count(name) != 1]
        if missing:
            raise ValueError(f"The columns must hold {missing[0]!r} once. Received: {list(columns)}.")
        scorer = cls(
            model_path=model_path(model_dir),
            inputs=inputs,
            keep=kept,
            prefix=prefix,
            batch_size=batch_size,
            threads=threads,
            answers=answer_schema(task),
        )
        names = {name.lower() for name in kept}  # Spark tells no case
        taken = [name for name in scorer.added.names if name.lower() in names]
        if taken:
            raise ValueError(
                f"Answers would take the names of columns: {', '.join(taken)}. Write prefix='answer_', or name in "
                "`keep` the columns to keep."
            )
        return scorer

    @property
    def needed(self) -> list[str]:
        """The columns that it reads."""
        return list(dict.fromkeys([*self.keep, *self.inputs.values()]))

    @property
    def added(self) -> pa.Schema:
        """The columns that it adds, `error` last."""
        pa = import_optional("pyarrow")
        fields = [*self.answers, pa.field("error", pa.string())]
        return pa.schema([field.with_name(self.prefix + field.name) for field in fields])

    def in_parts(self, tables: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Answer tables part by part, so that few answers are in memory at once."""
        rows = POOL * self.batch_size  # which are sorted by length together
        for table in tables:
            for start in range(0, max(1, table.num_rows), rows):
                yield self(table.slice(start, rows))

    def __call__(self, table: Any) -> Any:
        """Return a table's kept columns with those of the answers.

        Args:
            table: `pyarrow.Table` or `pyarrow.RecordBatch`.

        Returns:
            One of the same class.
        """
        pa = import_optional("pyarrow")
        values, errors = self._answered({name: _values(table.column(name)) for name in self.inputs.values()})
        added = [pa.array(values[field.name], field.type) for field in self.answers]
        schema = pa.schema([*(table.schema.field(name) for name in self.keep), *self.added])
        columns = [table.column(name) for name in self.keep]
        return type(table).from_arrays([*columns, *added, pa.array(errors, pa.string())], schema=schema)

    def _answered(self, columns: Mapping[str, list]) -> tuple[dict[str, list], list[str | None]]:
        """The values of each column of answers, and what is wrong with rows; None where there is nothing."""
        task = opened_model(self.model_path, self.threads)
        asked = {column.name: columns[self.inputs[column.name]] for column in task.columns}
        several = next((asked[column.name] for column in task.columns if column.several), None)
        count = len(next(iter(asked.values())))
        rows = [row for row in range(count) if all(column[row] is not None for column in asked.values())]
        values: dict[str, list] = {name: [None] * count for name in self.answers.names}
        errors: list[str | None] = [None] * count

        def answer(part: list[int]) -> dict[str, list]:
            answers = task.predict(
                {name: [column[row] for row in part] for name, column in asked.items()}, self.batch_size
            )
            return row_values(answers, several and [len(several[row]) for row in part])

        for part, answers in answered_by_halves(answer, rows):
            if isinstance(answers, Exception):
                errors[part[0]] = reason(answers, [column[part[0]] for column in asked.values()])
                continue
            for name, found in answers.items():
                for row, value in zip(part, found, strict=True):
                    values[name][row] = value
        return values, errors


def _inputs(task: ServedTask, text_col: TextColumns) -> dict[str, str]:
    """The column for each text that the model takes."""
    names = [column.name for column in task.columns]
    if isinstance(text_col, str):
        text_col = [text_col]
    given = dict(text_col) if isinstance(text_col, Mapping) else dict(zip(names, text_col))
    if set(given) != set(names) or len(given) != len(text_col):
        example = repr(names[0]) if len(names) == 1 else dict.fromkeys(names, "…")
        raise ValueError(f"The model takes {names}: write text_col={example}. Received: {text_col!r}.")
    return {name: given[name] for name in names}


def _values(column: Any) -> list:
    """The values of a column; strings as bytes, which need not be valid UTF-8."""
    pa = import_optional("pyarrow")
    binary = pa.large_binary()
    if _is_text(column.type):
        column = column.cast(binary)
    elif pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = column.cast(pa.large_list(binary)) if _is_text(column.type.value_type) else column
    return column.to_pylist()


def _is_text(kind: pa.DataType) -> bool:
    types = import_optional("pyarrow").types
    return types.is_string(kind) or types.is_large_string(kind)
