"""Answer texts with a checkpoint folder, a .keras file, a SavedModel, a LiteRT or an ONNX file.

Example:
  tfbert predict saved_models/sentiment/1 "What a lovely day" "So tired and sad"
  echo '{"text": "What a lovely day"}' | tfbert predict saved_models/sentiment/1 --json
  tfbert predict saved_models/sentiment/1 --input big.jsonl --output answers.jsonl
  tfbert predict outputs/ner "Anna lives in Paris" --task ner --option aggregation_strategy=simple
"""

from __future__ import annotations

import argparse

from tfbert.cli.answers import open_pipeline, parsed_options, write_answers
from tfbert.cli.text_rows import add_answer_arguments, check_sources


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_answer_arguments(parser)
    parser.add_argument("--task", help="what the model is for, such as ner (default: what its files say)")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="option of the task, such as top_k=3"
    )


def run(options: argparse.Namespace) -> None:
    """Print an answer for each text."""
    check_sources(options)
    task_options = parsed_options(options.option)
    answer = open_pipeline(options, options.task)
    write_answers(options, answer, answer.task.columns[0].name, **task_options)
