"""Rows of JSON files: lines, arrays, and SQuAD's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfbert.json_file import read_json
from tfbert.training.data.row_error import RowError
from tfbert.training.data.text_files import Rows, open_text


def json_rows(path: Path) -> Rows:
    """Read a file of JSON: one object a line, an array of objects, or SQuAD's `{"data": …}`.

    Lines are read one by one. An array, SQuAD, and what else fills several lines with one value, is read whole, and
    only from a `.json` file.

    Args:
        path: Path of a `.json` or `.jsonl` file.

    Yields:
        "row 3" and a dict, or a `RowError`; of lines, rows count as lines do.

    Raises:
        ValueError: If a `.json` file holds one value and it is none of these.
    """
    if path.suffix.lower() == ".json" and _holds_one_value(path):
        yield from _rows_of_document(path)
        return
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield f"row {number}", _row_of_line(line)


def squad_rows(articles: Any) -> Iterator[dict[str, Any]]:
    """Return the rows of a SQuAD file: a question with its context and answers.

    Args:
        articles: What stands under "data": articles of paragraphs of questions, version 1.1 or 2.

    Yields:
        Dicts of `question`, `context`, and `answers`, `{"text": [...], "answer_start": [...]}`, empty where there is
        no answer.

    Raises:
        KeyError, TypeError: If it is no SQuAD.

    Source: Rajpurkar et al., "SQuAD" (2016) and "Know what you don't know" (2018).
    """
    for article in articles:
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                answers = [] if asked.get("is_impossible") else asked["answers"]
                yield {
                    "question": asked["question"],
                    "context": paragraph["context"],
                    "answers": {name: [answer[name] for answer in answers] for name in ("text", "answer_start")},
                }


def _holds_one_value(path: Path) -> bool:
    """Whether the file is one JSON value rather than an object a line; its first line tells."""
    with open_text(path) as file:
        first = next((line for line in file if line.strip()), "{}")
    try:
        content = json.loads(first)
    except ValueError:
        return True
    return isinstance(content, list) or (isinstance(content, dict) and isinstance(content.get("data"), list))


def _rows_of_document(path: Path) -> Rows:
    content = read_json(path, object)
    rows = content.get("data", [content]) if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise ValueError(f"{str(path)!r} must hold a list of rows. Received: a JSON {type(rows).__name__}.")
    if rows and isinstance(rows[0], dict) and "paragraphs" in rows[0]:
        try:
            rows = list(squad_rows(rows))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{str(path)!r} is not as SQuAD has it: {type(error).__name__} {error}.") from error
    for number, row in enumerate(rows, start=1):
        yield f"row {number}", _checked(row)


def _row_of_line(line: str) -> dict[str, Any] | RowError:
    try:
        return _checked(json.loads(line))
    except (ValueError, RecursionError) as error:
        return RowError("holds no valid JSON", f": {error}")


def _checked(row: Any) -> dict[str, Any] | RowError:
    return row if isinstance(row, dict) else RowError(f"holds a JSON {type(row).__name__} where an object belongs")
