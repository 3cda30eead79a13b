"""What the command line of `tfbert train` may say."""

from __future__ import annotations

import argparse

from tfbert.cli.text_rows import UsageError, positive_integer
from tfbert.cli.train_workers import add_worker_arguments, check_worker_options

COLUMNS = {
    "text": "texts",
    "text_pair": "second texts, for pairs",
    "negative": "texts unlike the first ones, for embeddings",
    "score": "similarities from -1 to 1, for embeddings",
    "question": "questions",
    "context": "contexts of questions",
    "answers": 'answers, {"answer_start": [...], "text": [...]}',
    "choices": "choices; several columns, or one of lists",
    "tokens": "lists of words",
    "tags": "lists with a label for each word",
    "spans": 'labelled spans of texts, [{"start": 0, "end": 4, "label": "PER"}]',
    "label": "labels",
}
PROBLEM_TYPES = ("single_label_classification", "multi_label_classification", "regression")
DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="checkpoint folder to start from")
    parser.add_argument("--task", default="text-classification", help="what to train (default: %(default)s)")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder for the trained checkpoint")
    parser.add_argument("--export", metavar="DIR", help="write a SavedModel there, too")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")
    _add_data(parser.add_argument_group("data"))
    _add_columns(parser.add_argument_group("columns, by default of the same names"))
    _add_training(parser.add_argument_group("training"))
    add_worker_arguments(parser.add_argument_group("several processes, each started with the same command"))
    _add_report(parser.add_argument_group("report"))


def _add_data(group) -> None:
    files = ".csv, .tsv, .jsonl, .json, .parquet; for words also .conll, for texts alone .txt"
    group.add_argument("--data", required=True, nargs="+", metavar="FILE", help=files)
    group.add_argument("--validation-data", nargs="+", metavar="FILE", help="files to validate on after each epoch")
    group.add_argument("--validation-split", type=float, default=0.0, help="or share of the last rows, such as 0.1")
    group.add_argument("--test-data", nargs="+", metavar="FILE", help="files to evaluate on at the end")
    group.add_argument("--problem-type", choices=PROBLEM_TYPES, help="what labels of texts are")
    group.add_argument("--labels", nargs="+", metavar="NAME", help="the classes in their order (default: as found)")
    group.add_argument("--label-separator", default=",", metavar="MARK", help="between several labels (default: ,)")
    group.add_argument("--no-quotes", action="store_true", help="quotation marks in CSV and TSV are text")
    group.add_argument("--skip-bad-rows", action="store_true", help="leave out, and count, rows that cannot be used")
    group.add_argument("--shuffle-buffer", type=positive_integer, default=10_000, help="rows, for data over 100 MB")


def _add_columns(group) -> None:
    for name, what in COLUMNS.items():
        several = {"nargs": "+"} if name == "choices" else {}
        group.add_argument(f"--{name.replace('_', '-')}", metavar="COLUMN", help=what, **several)


def _add_training(group) -> None:
    group.add_argument("--epochs", type=positive_integer, default=3, help="passes over the data (default: 3)")
    group.add_argument("--batch-size", type=positive_integer, default=16, help="texts a step (default: 16)")
    group.add_argument("--max-length", type=positive_integer, help="longest input in tokens")
    group.add_argument("--learning-rate", type=float, default=5e-5, help="peak learning rate (default: 5e-5)")
    group.add_argument("--schedule", choices=("linear", "cosine", "constant"), default="linear", help="its way to 0")
    group.add_argument("--warmup", type=float, default=0.1, help="share of steps in which it rises (default: 0.1)")
    group.add_argument("--weight-decay", type=float, default=0.01, help="(default: 0.01)")
    group.add_argument("--layer-decay", type=float, default=1.0, help="rate of a layer by that of the one above it")
    group.add_argument("--clip-norm", type=float, default=1.0, help="greatest norm of gradients; 0 is any (default: 1)")
    group.add_argument("--gradient-accumulation", type=positive_integer, default=1, help="batches that make one step")
    group.add_argument("--class-weight", choices=("balanced",), help="let each class count as much as the others")
    group.add_argument("--group-by-length", action="store_true", help="texts of like length share a batch")
    group.add_argument("--freeze-embeddings", action="store_true", help="do not train the embeddings")
    group.add_argument(
        "--freeze-layers", type=positive_integer, metavar="N", help="train neither these nor the lowest N layers"
    )
    group.add_argument("--lora-rank", type=positive_integer, metavar="R", help="train adapters of this rank only")
    group.add_argument("--gradient-checkpointing", action="store_true", help="less memory, more time")
    group.add_argument("--dtype", choices=DTYPES, help="what to compute in (default: float32)")
    group.add_argument("--jit", action="store_true", help="compile steps with XLA (default: on a GPU)")
    group.add_argument("--early-stopping", type=positive_integer, metavar="N", help="stop N epochs after the best one")
    group.add_argument("--resume", action="store_true", help="back up in --output, and go on from there after a stop")
    group.add_argument("--seed", type=int, default=0, help="seed of weights, shuffling and dropout (default: 0)")


def _add_report(group) -> None:
    group.add_argument("--tensorboard", metavar="DIR", help="write logs for TensorBoard")
    group.add_argument("--csv-log", metavar="FILE", help="write the metrics of each epoch")
    group.add_argument(
        "--plots", action=argparse.BooleanOptionalAction, help="draw charts (default: where matplotlib is installed)"
    )
    group.add_argument("--license", help="of the model, for its card, such as apache-2.0")
    group.add_argument("--language", help="of the texts, for the model's card, such as en")


def check_options(options: argparse.Namespace) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: If some do.
    """
    if options.validation_data and options.validation_split:
        raise UsageError("give either --validation-data or --validation-split, not both")
    if not 0 <= options.validation_split < 1:
        raise UsageError("--validation-split must be at least 0 and below 1")
    if options.resume and options.early_stopping:
        raise UsageError("--resume cannot know what --early-stopping had seen: give one of them")
    if options.lora_rank and (options.freeze_layers or options.freeze_embeddings):
        raise UsageError("--lora-rank freezes all but its adapters and the head: leave out --freeze-…")
    check_worker_options(options)


def columns_of(options: argparse.Namespace) -> dict[str, str | list[str]]:
    """Return the columns that the command line names, by what they are to the task."""
    given = {name: getattr(options, name) for name in COLUMNS if getattr(options, name) is not None}
    if len(given.get("choices", ())) == 1:
        given["choices"] = given["choices"][0]
    return given
