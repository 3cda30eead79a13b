"""Rows of text in, rows of answers out: arguments, files and standard input; plain lines or JSON lines."""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

Row = dict[str, Any]
Complete = Callable[[Row, int], Row]  # from a row and its number to the row with what the command line adds
ReadRow = Callable[[bytes, int], Row | None]
FURTHER = ("text_pair", "context")  # texts beside the first


class RowError(ValueError):
    """A line that is no row to answer; `row` is what it holds all the same."""

    def __init__(self, message: str, row: Row | None = None):
        super().__init__(message)
        self.row = row or {}


class UsageError(Exception):
    """The command line asks for something that cannot be understood."""


def add_answer_arguments(parser: argparse.ArgumentParser, texts: str = "texts") -> None:
    """Add the arguments of a command that answers texts: which model, which texts, how answers go out."""
    parser.add_argument(
        "model", metavar="MODEL", help="SavedModel, .tflite or .onnx file, checkpoint folder, .keras file"
    )
    parser.add_argument("--max-length", type=positive_integer, help="longest input in tokens, for a checkpoint folder")
    parser.add_argument(
        "texts", nargs="*", metavar="TEXT", help=f"{texts}; without any, read --input or standard input"
    )
    parser.add_argument(
        "--input", metavar="FILE", help="a file with one text a line (with --json one JSON value a line), .gz or not"
    )
    parser.add_argument(
        "--json", action="store_true", help="JSON lines in ('text' or {\"text\": …}) and out; as for --input X.jsonl"
    )
    parser.add_argument("--batch-size", type=positive_integer, default=32, help="texts at a time (default: 32)")
    group = parser.add_argument_group("many texts")
    group.add_argument(
        "--output", metavar="FILE", help="write JSON lines there; the same command goes on where a killed one stopped"
    )
    group.add_argument("--restart", action="store_true", help="begin anew where a stopped run left its part")
    group.add_argument("--overwrite", action="store_true", help="replace FILE where it exists")
    group.add_argument(
        "--on-error",
        choices=("stop", "write"),
        default="stop",
        help='what to do at a line without an answer: stop and name it, or write {"error": …} in its place',
    )


def positive_integer(text: str) -> int:
    """Return a number above 0, or refuse it as argparse wants it."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return value


def text_rows(options: argparse.Namespace, name: str = "text", complete: Complete | None = None) -> Iterator[Row]:
    """Return an iterator of dicts of columns, one for each text that the command line names.

    Args:
        options: What `add_answer_arguments` parsed.
        name: str, default "text". The column of a plain text.
        complete: Function from a row and its number to a row, or None. What the command line adds to each.

    Returns:
        An iterator of dicts. It raises ValueError at a line that is not what it should be, and names it.

    Raises:
        UsageError: If texts come from two places, or from none.
    """
    check_sources(options)
    if options.texts:
        texts = (text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for text in options.texts)
        rows = ((number, {name: text}) for number, text in enumerate(texts, start=1))
        return (complete(row, number) if complete else row for number, row in rows)
    return _file_rows(options.input, row_reader(options, name, complete))


def check_sources(options: argparse.Namespace) -> None:
    """Refuse a command line that names texts in two places, or in none.

    Args:
        options: What `add_answer_arguments` parsed.

    Raises:
        UsageError: If it does.
    """
    if options.texts and options.input:
        raise UsageError("give either TEXT or --input, not both")
    if options.texts and options.output:
        raise UsageError("--output takes many texts: give --input FILE rather than TEXT")
    if not options.output and (options.restart or options.overwrite or options.on_error != "stop"):
        raise UsageError("--restart, --overwrite and --on-error go with --output FILE")
    if not options.texts and options.input is None and sys.stdin.isatty():
        raise UsageError("no texts: give TEXT, --input FILE, or pipe lines into standard input")


def reads_json(options: argparse.Namespace) -> bool:
    """Whether lines hold JSON: with --json, or by the ending of the file's name."""
    return options.json or (options.input or "").removesuffix(".gz").endswith(".jsonl")


@contextlib.contextmanager
def open_lines(path: str | None) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a file, or standard input for None and "-".

    Args:
        path: str or None. The file; one that ends in .gz is unpacked as it is read.

    Yields:
        What is read from, and the file itself, whose place tells how far that is.
    """
    if path in (None, "-"):
        yield sys.stdin.buffer, sys.stdin.buffer  # bytes, so that lines are UTF-8 whatever the locale says
        return
    with open(str(path), "rb") as file:
        if not str(path).endswith(".gz"):
            yield file, file
            return
        with gzip.open(file, "rb") as unpacked:
            yield unpacked, file  # type: ignore[misc]


def row_reader(options: argparse.Namespace, name: str = "text", complete: Complete | None = None) -> ReadRow:
    """Return a function from a line, bytes, and its number to the row that it holds.

    Args:
        options: What `add_answer_arguments` parsed.
        name: str, default "text". The column of a plain text.
        complete: Function or None; see `text_rows`.

    Returns:
        A function. It returns None for an empty line among lines of JSON, and raises ValueError at a line that is no
        row, `RowError` where it holds an object; the message names the line.
    """
    as_json = reads_json(options)

    def read(line: bytes, number: int) -> Row | None:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if as_json and not text.strip():
            return None
        row = _text_row(_row_of_json(text, number, name), number, name) if as_json else {name: text}
        return complete(row, number) if complete else row

    return read


def json_line(content: Row) -> str:
    """Return one line of JSON, without its end."""
    return json.dumps(content, ensure_ascii=False)


def write_json_row(content: Row) -> None:
    """Write one line of JSON to standard output."""
    print(json_line(content))


def _file_rows(path: str | None, read: ReadRow) -> Iterator[Row]:
    with open_lines(path) as (source, _):
        for number, line in enumerate(source, start=1):
            row = read(line, number)
            if row is not None:
                yield row


def _text_row(row: Row, number: int, name: str) -> Row:
    """Return the row if its texts are texts; a null beside the text is none."""
    if not isinstance(row.get(name), str) or any(not isinstance(row.get(key), str | None) for key in FURTHER):
        found = {key: type(value).__name__ for key, value in row.items()}
        raise RowError(f"Line {number} must hold a string under {name!r}. Received: {found}.", row)
    return row


def _row_of_json(line: str, number: int, name: str = "text") -> Row:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"Line {number} is not valid JSON: {error}.") from error
    if isinstance(content, str):
        return {name: content}
    if not isinstance(content, dict):
        raise ValueError(f"Line {number} must be a JSON string or object. Received: {type(content).__name__}.")
    return content
