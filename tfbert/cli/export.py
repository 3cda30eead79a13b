"""Write a SavedModel that answers raw strings without tfbert.

Example:
  tfbert export outputs/sentiment saved_models/sentiment/1
"""

from __future__ import annotations

import argparse

from tfbert.cli.loading import TASKS
from tfbert.cli.text_rows import positive_integer, write_json_row


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="checkpoint folder or .keras file")
    parser.add_argument("output", metavar="OUT", help="folder to write, such as saved_models/sentiment/1")
    parser.add_argument("--task", choices=TASKS, help="what the model is for (default: what its files say)")
    parser.add_argument("--text-pair", action="store_true", default=None, help="serve pairs: text and text_pair")
    parser.add_argument("--max-length", type=positive_integer, help="longest input in tokens")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing folder")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def run(options: argparse.Namespace) -> None:
    """Load, export, and print where it went."""
    from tfbert.cli.loading import load_task

    task = load_task(options.model, options.task, options.max_length)
    path = task.export(options.output, text_pair=options.text_pair, overwrite=options.overwrite)
    if options.json:
        write_json_row({"output": str(path), "task": task.task_name})
    else:
        print(f"Saved model at {path}")
