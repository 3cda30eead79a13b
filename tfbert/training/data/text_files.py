"""Rows of text files: CSV, TSV, CoNLL columns, one text a line."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from tfbert.training.data.row_error import RowError

Rows = Iterator[tuple[str, dict[str, Any] | RowError]]
LONGEST_CELL = 2**24  # characters; a quotation mark that nobody closed must not swallow a whole file
NEVER_CLOSED = "unexpected end of data"  # as the csv module says it
DELIMITERS = {".csv": ",", ".tsv": "\t"}


def open_text(path: Path) -> TextIO:
    """Open a file as UTF-8, with or without byte order mark; wrong bytes become surrogates, which cells refuse."""
    return open(path, encoding="utf-8-sig", errors="surrogateescape", newline="")


def table_rows(path: Path, columns: Sequence[str], quotes: bool = True) -> Rows:
    """Read a CSV or TSV file whose first line names the columns.

    Args:
        path: Path of a `.csv` or `.tsv` file.
        columns: Sequence of str. Columns that it must have.
        quotes: bool, default True. Whether a cell may stand in quotation marks.

    Yields:
        "row 3 (line 4)" and a dict from column to cell, or a `RowError`; rows count from 1 behind the header.

    Raises:
        ValueError: If a column is missing, or the last quotation mark has no end.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    with open_text(path) as file:
        delimiter = DELIMITERS[path.suffix.lower()]
        if quotes:
            cells = csv.reader(file, delimiter=delimiter, strict=True)
        else:
            cells = csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE)
        header = next(cells, [])
        if header:
            check_columns(path, columns, header)
        number = 0
        while True:
            number += 1
            try:
                row = next(cells)
            except StopIteration:
                return
            except csv.Error as error:
                if str(error) == NEVER_CLOSED:  # it has swallowed the rest of the file, which no skip may hide
                    raise ValueError(
                        f"{str(path)!r} opens a quotation mark in row {number} and never closes it."
                    ) from error
                yield f"row {number} (line {cells.line_num})", RowError("has broken quotation marks", f": {error}")
                continue
            if not row:  # an empty line
                number -= 1
                continue
            place = f"row {number} (line {cells.line_num})"
            if len(row) != len(header):
                yield place, RowError(f"has {len(row)} cells", f", but its first line names {len(header)} columns")
            else:
                yield place, dict(zip(header, row))


def check_columns(path: Path, columns: Sequence[str], found: Sequence[str]) -> None:
    """Refuse a file without a column, or with two of its name."""
    for column in columns:
        if found.count(column) != 1:
            what = f"has no {column!r} in row 1 or any other" if column not in found else f"has {column!r} twice"
            raise ValueError(f"{str(path)!r} {what}; its columns are {sorted(found)}.")


def conll_rows(path: Path, columns: Sequence[str]) -> Rows:
    """Read a file with a word and its label a line, and an empty line between sentences.

    Args:
        path: Path.
        columns: The two names under which words and labels are to be given.

    Yields:
        "row 3 (line 17)" and a dict of two lists; of more than two columns the first and the last one count.

    Source: the files of the CoNLL-2003 shared task.
    """
    with open_text(path) as file:
        words: list[str] = []
        labels: list[str] = []
        wrong: RowError | None = None
        number = 1
        for line_number, line in enumerate(itertools.chain(file, [""]), start=1):
            cells = line.split("\t") if "\t" in line else line.split()
            cells = [cell.strip() for cell in cells]
            if not any(cells) or cells[0] == "-DOCSTART-":
                if words or wrong:
                    yield f"row {number} (line {line_number - 1})", wrong or dict(zip(columns, (words, labels)))
                    number += 1
                words, labels, wrong = [], [], None
            elif len(cells) < 2 or not cells[0] or not cells[-1]:
                wrong = wrong or RowError("has a word without a label", f": {line.strip()!r} in line {line_number}")
            else:
                words.append(cells[0])
                labels.append(cells[-1])


def line_rows(path: Path, columns: Sequence[str]) -> Rows:
    """Read a file with one text a line; empty lines are none.

    Args:
        path: Path.
        columns: The one name under which texts are to be given.
    """
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield f"row {number}", {columns[0]: line.rstrip("\r\n")}
