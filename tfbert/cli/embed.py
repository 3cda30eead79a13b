"""Turn texts into vectors.

Example:
  tfbert embed path/to/all-MiniLM-L6-v2 "The cat sits outside." --json
  tfbert embed path/to/all-MiniLM-L6-v2 --input lines.txt > vectors.tsv
"""

from __future__ import annotations

import argparse

from tfbert.cli.answers import open_pipeline, write_answers
from tfbert.cli.text_rows import add_answer_arguments, check_sources


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_answer_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Print one vector for each text: JSON lines, or numbers parted by tabs."""
    check_sources(options)
    write_answers(options, open_pipeline(options, "text-embedding"), name="embedding")
