"""Answers to many lines into a file, which goes on where a killed process stopped: what `--output` does."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from tfbert.cli.resumable_output import ResumableOutput
from tfbert.cli.row_progress import row_progress
from tfbert.cli.text_rows import ReadRow, Row, json_line, open_lines, reads_json
from tfbert.scoring.failing_rows import answered_by_halves, reason
from tfbert.scoring.model_stamp import model_stamp
from tfbert.version import __version__

# What may be another when a stopped run goes on: where things lie, and what changes no answer.
FREE = {"input", "output", "restart", "overwrite", "on_error", "texts", "context_file", "traceback", "run"}
Answered = Callable[[Iterable[Row]], Iterator[Any]]


class Answers(NamedTuple):
    """The answers to some lines, a line of JSON each.

    Args:
        lines: list of str.
        errors: int. How many say what is wrong.
    """

    lines: list[str]
    errors: int


def write_answer_file(options: argparse.Namespace, read_row: ReadRow, answered: Answered, name: str) -> None:
    """Answer each line of the input by one line of JSON.

    Batches are those of a run that was never stopped, so that the file is the same to the byte.

    Args:
        options: What `add_answer_arguments` parsed.
        read_row: Function from a line and its number to its row, from `row_reader`.
        answered: Function from rows to the answers to them.
        name: str. What an answer that is a list is called.

    Raises:
        ValueError: At a line without an answer, unless `--on-error write`; the message names it.
        FileExistsError, BlockingIOError: See `ResumableOutput`.
    """
    asked = {key: value for key, value in vars(options).items() if key not in FREE}
    asked |= {"json": reads_json(options), "model files": model_stamp(options.model), "tfbert": __version__}
    with (
        ResumableOutput(options.output, asked, options.restart, options.overwrite) as output,
        open_lines(options.input) as (source, file),
    ):
        output.skip_answered(source)
        stops = options.on_error == "stop"
        with row_progress(output.counts["rows"], file) as advance:
            while lines := list(itertools.islice(source, options.batch_size)):
                first = output.counts["lines"] + 1
                try:
                    answers = answer_lines(lines, first, read_row, answered, name, stops)
                except ValueError as error:
                    raise ValueError(
                        f"{error}\nMend the line, or add --on-error write, and run the same command again: the answers "
                        "before it are kept."
                    ) from error
                output.add(lines, *answers)
                advance(len(answers.lines))
        output.finish()
    counts = output.counts
    print(f"Answers to {counts['rows']:,} rows in {options.output}, {counts['errors']:,} of them errors")


def answer_lines(
    lines: Sequence[bytes], first: int, read_row: ReadRow, answered: Answered, name: str, stops: bool
) -> Answers:
    """Answer a batch of lines.

    Args:
        lines: Sequence of bytes.
        first: int. The number of the first.
        read_row, answered, name: See `write_answer_file`.
        stops: bool. Raise what is wrong with a line rather than write it.

    Returns:
        `Answers`, in the order of the lines.

    Raises:
        ValueError: If `stops` and a line has no answer.
    """
    rows: dict[int, Row] = {}
    written: dict[int, Row] = {}
    failed = 0
    for number, line in enumerate(lines, start=first):
        try:
            row = read_row(line, number)
        except ValueError as error:
            if stops:
                raise
            failed += 1
            written[number] = with_answer(getattr(error, "row", {}), {"line": number, "error": str(error)}, name)
            continue
        if row is not None:
            rows[number] = row
    parts = answered_by_halves(lambda part: list(answered([rows[number] for number in part])), list(rows))
    for numbers, outputs in parts:
        if isinstance(outputs, Exception):
            why = reason(outputs, rows[numbers[0]].values())
            if stops:
                raise ValueError(f"Line {numbers[0]}: {why}") from outputs
            failed += 1
            outputs = [{"error": why}]
        written |= {
            number: with_answer(rows[number], output, name) for number, output in zip(numbers, outputs, strict=True)
        }
    return Answers([json_line(written[number]) for number in sorted(written)], failed)


def with_answer(row: Row, output: Any, name: str) -> Row:
    """Return a row with its answer.

    Args:
        row: dict. Its own keys that the answer has too stand as `input_…`, or `input_input_…` where the row has such a
            key already, so that none is lost.
        output: The answer.
        name: str. What an answer that is no dict is called.

    Returns:
        A dict.

    Example:
        >>> with_answer({"text": "Fine", "label": "gold"}, {"label": "good"}, "answers")
        {'text': 'Fine', 'input_label': 'gold', 'label': 'good'}
    """
    answer = output if isinstance(output, dict) else {name: output}
    named: Row = {}
    for key, value in row.items():
        free = key
        while free in answer or free in named or (free != key and free in row):
            free = f"input_{free}"
        named[free] = value
    return {**named, **answer}
