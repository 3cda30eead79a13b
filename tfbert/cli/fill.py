"""Fill in [MASK] in texts.

Example:
  tfbert fill bert-base-uncased "Paris is the [MASK] of France." --top-k 3
  tfbert fill bert-base-uncased "She is [MASK]." --targets happy sad
"""

from __future__ import annotations

import argparse

from tfbert.cli.answers import given, open_pipeline, write_answers
from tfbert.cli.text_rows import add_answer_arguments, check_sources, positive_integer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_answer_arguments(parser)
    parser.add_argument("--top-k", type=positive_integer, help="words for each mask (default: 5)")
    parser.add_argument("--targets", nargs="+", metavar="WORD", help="the only words to choose from")


def run(options: argparse.Namespace) -> None:
    """Print the most likely words for each mask."""
    check_sources(options)
    answer = open_pipeline(options, "fill-mask")
    write_answers(options, answer, **given(top_k=options.top_k, targets=options.targets))
