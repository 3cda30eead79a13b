"""Write a model that answers raw strings without tfbert: a SavedModel, a serving bundle, a LiteRT or an ONNX file.

Example:
  tfbert export outputs/sentiment saved_models/sentiment/1
  tfbert export outputs/ner saved_models/ner/1 --option aggregation_strategy=simple
  tfbert export outputs/sentiment sentiment.tflite --precision dynamic_int8 --verify held_out.csv
  tfbert export outputs/sentiment sentiment.onnx
  tfbert export outputs/sentiment models --serving --name sentiment
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbert.cli.answers import parsed_options
from tfbert.cli.text_rows import UsageError, positive_integer, write_json_row
from tfbert.export.formats import FILE_FORMATS, FORMATS, INPUTS, PRECISIONS, SAVED_MODEL, SERVING

if TYPE_CHECKING:
    from tfbert.tasks.base.task import Task

BUILT_IN = ""  # --verify without a file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="checkpoint folder or .keras file")
    parser.add_argument(
        "output",
        metavar="OUT",
        help="folder, such as saved_models/sentiment/1 (--serving: models), or .tflite or .onnx",
    )
    parser.add_argument("--task", help="what the model is for (default: what its files say)")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="option of the task to serve with"
    )
    parser.add_argument("--text-pair", action="store_true", default=None, help="serve pairs: text and text_pair")
    parser.add_argument("--max-length", type=positive_integer, help="longest input in tokens")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--format", choices=FORMATS, help="default: what the ending of OUT says")
    form.add_argument(
        "--serving",
        action="store_const",
        dest="format",
        const=SERVING,
        help="the next version of a model in OUT, with all that TF Serving, Docker and Kubernetes need",
    )
    parser.add_argument("--name", help="of the model in a serving bundle (default: its task's)")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="of LiteRT and ONNX files")
    parser.add_argument("--inputs", choices=INPUTS, default="text", help="ids: leave tokenizing out of the file")
    parser.add_argument(
        "--calibrate", metavar="FILE", help="texts like those to come, for full_int8: .txt, .csv, .tsv or .jsonl"
    )
    parser.add_argument("--jit", action="store_true", help="let XLA compile the SavedModel where it is loaded")
    parser.add_argument(
        "--verify",
        nargs="?",
        const=BUILT_IN,
        metavar="FILE",
        help="compare with the model in float32 on these texts (with labels: accuracy) or on built-in ones; report",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing folder or file")
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def run(options: argparse.Namespace) -> None:
    """Load, export, and print where it went and, if asked for, what it gives up and brings."""
    task_options = parsed_options(options.option)
    if options.verify is not None and options.inputs == "ids":
        raise UsageError("--verify asks the file with text: leave it out, or leave out --inputs ids")
    from tfbert.tasks.base.task import Task
    from tfbert.tasks.open_task import open_task

    task = open_task(options.model, options.task, max_length=options.max_length)
    if not isinstance(task, Task):
        raise ValueError(f"{options.model!r} is exported already: copy it, or export its checkpoint folder.")
    if task_options:
        task = task.with_options(**task_options)
    verified = None if options.verify is None else _texts_and_labels(options.verify, task)
    path = _exported(
        task,
        options,
        calibration_texts=None if options.calibrate is None else _texts_and_labels(options.calibrate, task)[0],
    )
    facts: dict[str, Any] = {"output": str(path), "task": task.task_name}
    if verified is not None:
        from tfbert.tasks.export_report import export_report

        facts["report"] = export_report(task, path, *verified)
    if options.json:
        write_json_row(facts)
        return
    print(f"Saved model at {path}")
    if verified is not None:
        _print_report(facts["report"])


def _exported(task: Task, options: argparse.Namespace, calibration_texts: Any) -> Path:
    try:
        return task.export(
            options.output,
            options.format or FILE_FORMATS.get(Path(options.output).suffix, SAVED_MODEL),
            text_pair=options.text_pair,
            jit_compile=options.jit,
            precision=options.precision,
            inputs=options.inputs,
            calibration_texts=calibration_texts,
            name=options.name,
            overwrite=options.overwrite,
        )
    except FileExistsError as error:
        raise FileExistsError(str(error).replace("write overwrite=True", "give --overwrite")) from error


def _texts_and_labels(path: str, task: Task) -> tuple[Any, list[Any] | None]:
    """The texts of a file, and their labels where it has some; a `.txt` file has one text a line."""
    from tfbert.cli.train_data import texts_of
    from tfbert.training.data.table import Table

    if path == BUILT_IN:
        return None, None
    if path.endswith(".txt"):
        texts = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
        if not texts:
            raise ValueError(f"{path!r} holds no texts: write one a line.")
        return texts, None
    problem_type = task.config.problem_type or "single_label_classification"
    table = Table(path, task.task_name, problem_type=problem_type)
    rows = list(table)
    has_accuracy = table.has_targets and problem_type == "single_label_classification"
    return texts_of(rows), [row.target for row in rows] if has_accuracy else None


def _print_report(report: dict[str, Any]) -> None:
    """The report as lines of a name and values."""
    for name, value in report.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for index, (key, part) in enumerate(parts):
            shown = ", ".join(f"{k} {v:.5g}" for k, v in part.items()) if isinstance(part, dict) else part
            print(f"{name if index == 0 else '':18}{key}{': ' if key else ''}{shown}")
