"""Files by name or pattern, and the reader that belongs to each ending."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from tfbert.training.data.json_files import json_rows
from tfbert.training.data.parquet_file import parquet_rows
from tfbert.training.data.text_files import DELIMITERS, Rows, conll_rows, line_rows, table_rows

JSON = (".jsonl", ".json")
WORDS = (".conll", ".iob", ".bio", ".txt")
LINES = (".txt",)


def find_files(paths: str | PathLike | Sequence[str | PathLike]) -> list[Path]:
    """Return the files that paths and patterns stand for.

    Args:
        paths: Path or sequence of paths; `*`, `?` and `[…]` in one that is no file stand for any characters.

    Returns:
        A list of paths; those of a pattern are sorted.

    Raises:
        FileNotFoundError: If there is none for one of them.
    """
    found: list[Path] = []
    for path in [paths] if isinstance(paths, str | PathLike) else paths:
        files = [path] if Path(path).is_file() else sorted(glob.glob(str(path), recursive=True))
        if not files:
            raise FileNotFoundError(f"There is no file {str(path)!r}.")
        found += map(Path, files)
    if not found:
        raise FileNotFoundError("`paths` must name at least one file. Received: none.")
    return found


def rows_of_file(path: Path, columns: Sequence[str], holds_words: bool, holds_lines: bool, quotes: bool) -> Rows:
    """Read the rows of a file as its ending asks for.

    Args:
        path: Path.
        columns: Sequence of str. Names of columns.
        holds_words: bool. Whether files of words and labels will do.
        holds_lines: bool. Whether files of a text a line will do.
        quotes: bool. Whether cells of CSV and TSV may stand in quotation marks.

    Yields:
        Where the row stands, and a dict from column to cell, or a `RowError`.

    Raises:
        ValueError: If the ending is unknown, or the file as a whole cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in DELIMITERS:
        return table_rows(path, columns, quotes)
    if suffix in JSON:
        return json_rows(path)
    if suffix == ".parquet":
        return parquet_rows(path, columns)
    if suffix in WORDS and holds_words:
        return conll_rows(path, columns)
    if suffix in LINES and holds_lines:
        return line_rows(path, columns)
    further = WORDS if holds_words else LINES if holds_lines else ()
    endings = [*DELIMITERS, *JSON, ".parquet", *further]
    raise ValueError(f"{str(path)!r} must end in {', '.join(endings[:-1])} or {endings[-1]}.")
