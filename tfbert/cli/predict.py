"""Classify texts with a checkpoint folder, a .keras file or a SavedModel.

Example:
  tfbert predict saved_models/sentiment/1 "What a lovely day" "So tired and sad"
  echo '{"text": "What a lovely day"}' | tfbert predict saved_models/sentiment/1 --json
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

ANSWER_FIELDS = ("label", "score", "labels", "scores")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_answer_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Print one answer for each text."""
    from tfbert.cli.loading import load_answer

    rows = text_rows(options)
    answer = load_answer(options.model, "text-classification", options.batch_size, options.max_length)
    answer_rows(rows, answer, _write_json if options.json else _write_plain)


def _write_json(row: Row, answer: Row) -> None:
    write_json_row({**row_beside(row, answer), **{name: answer[name] for name in ANSWER_FIELDS if name in answer}})


def _write_plain(row: Row, answer: Row) -> None:
    label = f"{answer['label']}\t" if "label" in answer else ""
    scores = answer["score"] if isinstance(answer["score"], list) else [answer["score"]]
    print(f"{label}{' '.join(f'{score:.4f}' for score in scores)}\t{row['text']}")
