"""What `tfbert train` records of a training."""

from __future__ import annotations

import argparse
import datetime
import platform
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.cli.train_data import TrainingRows, texts_of
from tfbert.tasks.base.task import Task
from tfbert.training.data.row_reader import Row
from tfbert.training.report import DataFacts, TrainingFacts
from tfbert.version import __version__

COUNTED = 10_000  # rows whose tokens are counted
AT_A_TIME = 512
ANSWERED_BY_CLASS = ("text-classification", "next-sentence-prediction")
SETTINGS = (
    *("problem_type", "max_length", "epochs", "batch_size", "learning_rate", "schedule", "warmup", "weight_decay"),
    *("layer_decay", "clip_norm", "gradient_accumulation", "class_weight", "group_by_length", "freeze_embeddings"),
    *("freeze_layers", "lora_rank", "gradient_checkpointing", "dtype", "jit", "early_stopping", "seed"),
)


def facts_of(
    options: argparse.Namespace,
    task: Task,
    training: TrainingRows,
    others: Mapping[str, TrainingRows],
    history: Any,
    results: Mapping[str, float],
) -> TrainingFacts:
    """Return what is known about a training.

    Args:
        options: What `add_arguments` parsed.
        task: The trained task.
        training: The rows that it was trained on.
        others: "validation" and "test" rows.
        history: A Keras `History`.
        results: Metrics on the test rows.
    """
    settings = {name: getattr(options, name) for name in SETTINGS}
    labels = list(task.class_numbers()) if task.task_name in ANSWERED_BY_CLASS else []
    held_out = next((part for part in ("test", "validation") if part in others), None)
    path = Path(options.model)
    return TrainingFacts(
        task=task.task_name,
        history=history.history,
        first_epoch=history.epoch[0] + 1 if history.epoch else 1,
        base_model=path.resolve().name if path.exists() else options.model,
        license=options.license,
        language=options.language,
        data={part: _data_facts(rows) for part, rows in {"training": training, **others}.items()},
        label_counts=dict(sorted(training.labels.items())),
        labels=labels,
        confusion=_confusion(task, others[held_out], labels, options.batch_size) if labels and held_out else None,
        confusion_of=held_out or "",
        lengths=np.fromiter(_lengths(task, islice(training, COUNTED)), np.int64),
        max_length=task.tokenizer.max_length,
        results=results,
        options={
            name.replace("_", " "): value
            for name, value in settings.items()
            if value is not None and value is not False
        },
        versions={
            "tfbert": __version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "python": platform.python_version(),
        },
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def _data_facts(rows: TrainingRows) -> DataFacts:
    return DataFacts([path.name for path in rows.table.paths], rows.count, rows.table.skipped)


def _confusion(task: Task, part: TrainingRows, labels: list[str], batch_size: int) -> np.ndarray:
    """Rows of each class by the answer, int [K, K]."""
    counts = np.zeros([len(labels), len(labels)], np.int64)
    number = {label: index for index, label in enumerate(labels)}
    rows = iter(part)
    while some := list(islice(rows, AT_A_TIME)):
        answers = task.predict(texts_of(some), batch_size=batch_size, verbose=0)["label"]
        for row, answer in zip(some, answers):
            counts[number[row.target], number[answer]] += 1
    return counts


def _lengths(task: Task, rows: Any) -> Iterator[int]:
    """The tokens of each input, special ones included, before it is cut."""
    every_row = iter(rows)
    while some := [texts for row in islice(every_row, AT_A_TIME) for texts in _inputs(task.task_name, row)]:
        pieces = task.tokenizer.tokenize([text for texts in some for text in texts]).row_lengths().numpy()
        ends = np.cumsum([len(texts) for texts in some])
        sums = np.add.reduceat(pieces, [0, *ends[:-1]])
        yield from (int(size) + len(texts) + 1 for size, texts in zip(sums, some))


def _inputs(task_name: str, row: Row) -> Iterator[tuple[str, ...]]:
    """The texts that the model reads together."""
    inputs = row.inputs
    if task_name == "text-embedding":
        yield from ((text,) for text in inputs.values())
    elif "choices" in inputs:
        yield from ((inputs["text"], choice) for choice in inputs["choices"])
    elif "tokens" in inputs:
        yield (" ".join(inputs["tokens"]),)
    else:
        yield tuple(inputs.values())
