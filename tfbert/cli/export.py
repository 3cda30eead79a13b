"""Write a SavedModel that answers raw strings without tfbert.

Example:
  tfbert export outputs/sentiment saved_models/sentiment/1
  tfbert export outputs/ner saved_models/ner/1 --option aggregation_strategy=simple
"""

from __future__ import annotations

import argparse

from tfbert.cli.answers import parsed_options
from tfbert.cli.text_rows import positive_integer, write_json_row


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="checkpoint folder or .keras file")
    parser.add_argument("output", metavar="OUT", help="folder to write, such as saved_models/sentiment/1")
    parser.add_argument("--task", help="what the model is for (default: what its files say)")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="option of the task to serve with"
    )
    parser.add_argument("--text-pair", action="store_true", default=None, help="serve pairs: text and text_pair")
    parser.add_argument("--max-length", type=positive_integer, help="longest input in tokens")
    parser.add_argument("--jit", action="store_true", help="let XLA compile the model where it is loaded; for GPUs")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing folder")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def run(options: argparse.Namespace) -> None:
    """Load, export, and print where it went."""
    task_options = parsed_options(options.option)
    from tfbert.tasks.base.task import Task
    from tfbert.tasks.open_task import open_task

    task = open_task(options.model, options.task, max_length=options.max_length)
    if not isinstance(task, Task):
        raise ValueError(f"{options.model!r} is exported already: copy it, or export its checkpoint folder.")
    if task_options:
        task = task.with_options(**task_options)
    path = task.export(
        options.output, text_pair=options.text_pair, jit_compile=options.jit, overwrite=options.overwrite
    )
    if options.json:
        write_json_row({"output": str(path), "task": task.task_name})
    else:
        print(f"Saved model at {path}")
