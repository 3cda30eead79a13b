"""Rows of text in, answers out, by the pipeline of a task: what `predict`, `embed`, `ask` and `fill` share."""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tfbert.cli.answer_file import with_answer, write_answer_file
from tfbert.cli.text_rows import Complete, Row, UsageError, reads_json, row_reader, text_rows, write_json_row

if TYPE_CHECKING:
    from tfbert.tasks.pipelines.pipeline import Pipeline


def parsed_options(given: list[str]) -> dict[str, Any]:
    """Return options of a task from NAME=VALUE, the value as JSON or, if it is none, as it stands.

    Args:
        given: list of str.

    Returns:
        A dict.

    Raises:
        UsageError: If one has no "=".

    Example:
        >>> parsed_options(["top_k=3", "aggregation_strategy=simple"])
        {'top_k': 3, 'aggregation_strategy': 'simple'}
    """
    options = {}
    for text in given:
        name, mark, value = text.partition("=")
        if not mark or not name:
            raise UsageError(f"--option must be NAME=VALUE. Received: {text!r}")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


def given(**options: Any) -> dict[str, Any]:
    """Return the options that the command line gives, those that are not None."""
    return {name: value for name, value in options.items() if value is not None}


def open_pipeline(options: argparse.Namespace, task: str | None) -> Pipeline:
    """Return the pipeline of the model that the command line names.

    Args:
        options: What `add_answer_arguments` parsed.
        task: str or None. The task; None is what the model's files say.

    Returns:
        A `Pipeline`.
    """
    from tfbert.tasks import pipeline
    from tfbert.tasks.open_task import open_task

    opened = open_task(options.model, task, max_length=options.max_length)
    return pipeline(model=opened, batch_size=options.batch_size)


def write_answers(
    options: argparse.Namespace,
    answer: Pipeline,
    text: str = "text",
    name: str = "answers",
    complete: Complete | None = None,
    **task_options: Any,
) -> None:
    """Answer what the command line names, in constant memory: into a file with --output, else to standard output.

    Args:
        options: What `add_answer_arguments` parsed.
        answer: The pipeline.
        text: str, default "text". The column of a plain text.
        name: str, default "answers". What an answer that is a list is called in JSON.
        complete: Function or None; see `text_rows`.
        **task_options: Options of the task.
    """

    def answered(rows: Iterable[Row]) -> Iterator[Any]:
        return iter(answer((texts_of(row) for row in rows), **task_options))

    def texts_of(row: Row) -> Row:
        return {key: row[key] for key in columns if row.get(key) is not None}

    columns = {column.name for column in answer.task.columns}
    if options.output:
        write_answer_file(options, row_reader(options, text, complete), answered, name)
    else:
        print_answers(text_rows(options, text, complete), answered, reads_json(options), name)


def print_answers(
    rows: Iterator[Row], answered: Callable[[Iterable[Row]], Iterator[Any]], as_json: bool, name: str
) -> None:
    """Print each answer as it comes, with a counter on a terminal.

    Args:
        rows: Iterator of dicts, from `text_rows`.
        answered: Function from rows to the answers to them.
        as_json: bool. One JSON object a row; otherwise lines of values parted by tabs.
        name: str. What an answer that is a list is called in JSON.
    """
    from tfbert.tasks.pipelines.progress import text_counter

    shown, asked = itertools.tee(rows)
    with text_counter() as advance:
        for output, row in zip(answered(asked), shown):  # the answer first, since it raises what is wrong with its row
            if as_json:
                write_json_row(with_answer(row, output, name))
            else:
                _write_plain(row, output)
            advance(1)


def _write_plain(row: Row, output: Any) -> None:
    if isinstance(output, dict):
        text = [row["text"]] if "text" in row else []
        print("\t".join([*map(_shown, output.values()), *text]))
    elif _holds_numbers(output):
        print("\t".join(f"{value:.6g}" for value in output))
    else:
        for entry in output:
            _write_plain({}, entry)
        if not output or isinstance(output[0], dict):
            print()  # the end of this row's answers


def _holds_numbers(output: list[Any]) -> bool:
    return bool(output) and isinstance(output[0], int | float)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
