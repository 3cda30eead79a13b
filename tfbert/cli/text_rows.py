"""Rows of text in, rows of answers out: arguments, files and standard input; plain lines or JSON lines."""

from __future__ import annotations

import argparse
import contextlib
import csv
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CHUNK_ROWS = 1024
Row = dict[str, Any]


class UsageError(Exception):
    """The command line asks for something that cannot be understood."""


def add_answer_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a command that answers texts: which model, which texts, how answers go out."""
    parser.add_argument("model", metavar="MODEL", help="SavedModel, checkpoint folder or .keras file")
    parser.add_argument("--max-length", type=positive_integer, help="longest input in tokens, for a checkpoint folder")
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="texts; without any, read --input or standard input")
    parser.add_argument(
        "--input", metavar="FILE", help="a file with one text a line (with --json one JSON value a line)"
    )
    parser.add_argument("--json", action="store_true", help="JSON lines in ('text' or {\"text\": …}) and out")
    parser.add_argument("--batch-size", type=positive_integer, default=32, help="texts at a time (default: 32)")


def positive_integer(text: str) -> int:
    """Return a number above 0, or refuse it as argparse wants it."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return value


def text_rows(options: argparse.Namespace) -> Iterator[Row]:
    """Return an iterator of dicts with "text", and perhaps "text_pair": one for each text that the command line names.

    Args:
        options: What `add_answer_arguments` parsed.

    Returns:
        An iterator of dicts. It raises ValueError at a line that is not what it should be, and names it.

    Raises:
        UsageError: If texts come from two places, or from none.
    """
    if options.texts and options.input:
        raise UsageError("give either TEXT or --input, not both")
    if options.texts:
        return iter(
            [{"text": text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")} for text in options.texts]
        )
    if options.input is None and sys.stdin.isatty():
        raise UsageError("no texts: give TEXT, --input FILE, or pipe lines into standard input")
    return _file_rows(options.input, options.json)


def answer_rows(
    rows: Iterator[Row], answer: Callable[[dict[str, list[str]]], dict[str, Any]], write: Callable[[Row, Row], None]
) -> None:
    """Answer rows chunk by chunk, in constant memory, with a progress bar on a terminal.

    Args:
        rows: Iterator of dicts, from `text_rows`.
        answer: Function from columns of text to columns of answers.
        write: Function that takes a row and its answer.

    Raises:
        ValueError: If some rows are pairs and others are not.
    """
    keys: set[str] = set()
    with _progress() as advance:
        while chunk := list(itertools.islice(rows, CHUNK_ROWS)):
            keys.update(key for row in chunk for key in (["text_pair"] if "text_pair" in row else ["text"]))
            if len(keys) > 1:
                raise ValueError("Either all rows must have a 'text_pair' or none.")
            columns = {key: [row[key] for row in chunk] for key in ("text", *(keys - {"text"}))}
            answers = {name: values.tolist() for name, values in answer(columns).items()}
            for index, row in enumerate(chunk):
                write(row, {name: values[index] for name, values in answers.items()})
            advance(len(chunk))


def row_beside(row: Row, answer: Row) -> Row:
    """Return the row with `input_` before its own keys that the answer has too, so that none is lost."""
    return {f"input_{key}" if key in answer else key: value for key, value in row.items()}


def write_json_row(content: Row) -> None:
    """Write one line of JSON to standard output."""
    print(json.dumps(content, ensure_ascii=False))


def read_table(path: str, columns: list[str], needed: list[str]) -> dict[str, list[Any]]:
    """Read columns of a CSV file (with a header) or of JSON lines.

    Args:
        path: Path of a `.csv`, `.tsv`, `.jsonl` or `.json` file.
        columns: list of str.
        needed: list of str. Columns in which an empty string is no value.

    Returns:
        A dict from column to its values.

    Raises:
        ValueError: If the ending is unknown, a column is missing, or a row lacks a value.
    """
    suffix = Path(path).suffix.lower()
    with open(path, encoding="utf-8-sig", newline="") as file:
        if suffix in (".csv", ".tsv"):
            rows = list(csv.DictReader(file, delimiter="\t" if suffix == ".tsv" else ","))
        elif suffix in (".jsonl", ".json"):
            rows = [_row_of_json(line, number) for number, line in enumerate(file, start=1) if line.strip()]
        else:
            raise ValueError(f"{path!r} must end in .csv, .tsv or .jsonl.")
    if not rows:
        raise ValueError(f"{path!r} holds no rows.")
    table: dict[str, list[Any]] = {column: [] for column in columns}
    for number, row in enumerate(rows, start=1):
        for column in columns:
            if column not in row:
                raise ValueError(f"{path!r} has no {column!r} in row {number}; it has {sorted(map(str, row))}.")
            if row[column] is None or (column in needed and row[column] == ""):
                raise ValueError(f"{path!r} has nothing under {column!r} in row {number}.")
            table[column].append(row[column])
    return table


def _file_rows(path: str | None, as_json: bool) -> Iterator[Row]:
    with contextlib.ExitStack() as stack:
        # Standard input by its bytes, so that lines are UTF-8 whatever the locale says.
        source = sys.stdin.buffer if path in (None, "-") else stack.enter_context(open(path, "rb"))
        for number, line in enumerate(source, start=1):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if as_json and not text.strip():
                continue
            yield _text_row(_row_of_json(text, number), number) if as_json else {"text": text}


def _text_row(row: Row, number: int) -> Row:
    """Return the row if its texts are texts; a null pair is none."""
    if row.get("text_pair", "") is None:
        row = {key: value for key, value in row.items() if key != "text_pair"}
    wrong = [name for name in ("text", "text_pair") if not isinstance(row.get(name, ""), str)]
    if "text" not in row or wrong:
        raise ValueError(f"Line {number} must hold a string under 'text' (and 'text_pair'). Received: {row!r}.")
    return row


def _row_of_json(line: str, number: int) -> Row:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise ValueError(f"Line {number} is not valid JSON: {error}.") from error
    if isinstance(content, str):
        return {"text": content}
    if not isinstance(content, dict):
        raise ValueError(f"Line {number} must be a JSON string or object. Received: {type(content).__name__}.")
    return content


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """A counter of texts on standard error where that is a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed} texts"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("texts", total=None)
        yield lambda count: progress.advance(bar, count)
