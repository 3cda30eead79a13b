"""Rows of text in, rows of answers out: arguments, files and standard input; plain lines or JSON lines."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


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


def text_rows(options: argparse.Namespace, name: str = "text") -> Iterator[Row]:
    """Return an iterator of dicts of columns, one for each text that the command line names.

    Args:
        options: What `add_answer_arguments` parsed.
        name: str, default "text". The column of a plain text.

    Returns:
        An iterator of dicts. It raises ValueError at a line that is not what it should be, and names it.

    Raises:
        UsageError: If texts come from two places, or from none.
    """
    check_sources(options)
    if options.texts:
        return iter(
            [{name: text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")} for text in options.texts]
        )
    return _file_rows(options.input, options.json, name)


def check_sources(options: argparse.Namespace) -> None:
    """Refuse a command line that names texts in two places, or in none.

    Args:
        options: What `add_answer_arguments` parsed.

    Raises:
        UsageError: If it does.
    """
    if options.texts and options.input:
        raise UsageError("give either TEXT or --input, not both")
    if not options.texts and options.input is None and sys.stdin.isatty():
        raise UsageError("no texts: give TEXT, --input FILE, or pipe lines into standard input")


def write_json_row(content: Row) -> None:
    """Write one line of JSON to standard output."""
    print(json.dumps(content, ensure_ascii=False))


def _file_rows(path: str | None, as_json: bool, name: str) -> Iterator[Row]:
    with contextlib.ExitStack() as stack:
        # Standard input by its bytes, so that lines are UTF-8 whatever the locale says.
        source = sys.stdin.buffer if path in (None, "-") else stack.enter_context(open(path, "rb"))
        for number, line in enumerate(source, start=1):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if as_json and not text.strip():
                continue
            yield _text_row(_row_of_json(text, number, name), number, name) if as_json else {name: text}


def _text_row(row: Row, number: int, name: str) -> Row:
    """Return the row if its texts are texts; a null column is none."""
    row = {key: value for key, value in row.items() if value is not None}
    if name not in row or any(not isinstance(row.get(key, ""), str) for key in (name, "text_pair", "context")):
        raise ValueError(f"Line {number} must hold a string under {name!r}. Received: {row!r}.")
    return row


def _row_of_json(line: str, number: int, name: str = "text") -> Row:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise ValueError(f"Line {number} is not valid JSON: {error}.") from error
    if isinstance(content, str):
        return {name: content}
    if not isinstance(content, dict):
        raise ValueError(f"Line {number} must be a JSON string or object. Received: {type(content).__name__}.")
    return content
