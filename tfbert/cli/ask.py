"""Answer questions from a text.

Example:
  tfbert ask outputs/squad "Where does Anna live?" --context "Anna lives in Paris."
  tfbert ask outputs/squad "Who wrote it?" "When?" --context-file book.txt
  echo '{"question": "Where?", "context": "In Paris."}' | tfbert ask outputs/squad --json
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tfbert.cli.answers import given, open_pipeline, write_answers
from tfbert.cli.text_rows import Row, RowError, UsageError, add_answer_arguments, check_sources, positive_integer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_answer_arguments(parser, texts="questions")
    parser.add_argument("--context", help="the text that holds the answers")
    parser.add_argument("--context-file", metavar="FILE", help="a file with that text")
    parser.add_argument("--top-k", type=positive_integer, help="answers to a question (default: 1)")
    parser.add_argument(
        "--impossible", action="store_true", default=None, help="allow the empty answer, that there is none"
    )


def run(options: argparse.Namespace) -> None:
    """Print the answers to each question."""
    check_sources(options)
    context = options.context = _context(options)

    def complete(row: Row, number: int) -> Row:
        if row.get("context") is not None:
            return row
        if context is None:
            message = f"Question {number} has no context: give --context, --context-file, or JSON rows with it."
            raise RowError(message, row)
        return {**row, "context": context}

    answer = open_pipeline(options, "question-answering")
    task_options = given(top_k=options.top_k, handle_impossible_answer=options.impossible)
    write_answers(options, answer, "question", complete=complete, **task_options)


def _context(options: argparse.Namespace) -> str | None:
    if options.context is not None and options.context_file is not None:
        raise UsageError("give either --context or --context-file, not both")
    if options.context_file is not None:
        return Path(options.context_file).read_text(encoding="utf-8", errors="replace")
    return options.context
