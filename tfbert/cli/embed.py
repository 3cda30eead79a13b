"""Turn texts into vectors.

Example:
  tfbert embed path/to/all-MiniLM-L6-v2 "The cat sits outside." --json
  tfbert embed path/to/all-MiniLM-L6-v2 --input lines.txt > vectors.tsv
"""

from __future__ import annotations

import argparse

from tfbert.cli.text_rows import (
    Row,
    add_answer_arguments,
    answer_rows,
    row_beside,
    text_rows,
    write_json_row,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_answer_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Print one vector for each text: JSON lines, or numbers parted by tabs."""
    from tfbert.cli.loading import load_answer

    rows = text_rows(options)
    answer = load_answer(options.model, "text-embedding", options.batch_size, options.max_length)
    answer_rows(rows, answer, _write_json if options.json else _write_plain)


def _write_json(row: Row, answer: Row) -> None:
    write_json_row({**row_beside(row, answer), **answer})


def _write_plain(row: Row, answer: Row) -> None:
    print("\t".join(f"{value:.6g}" for value in answer["embedding"]))
