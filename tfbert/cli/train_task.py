"""The task that `tfbert train` trains: loaded, made ready, and with its callbacks."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import keras

from tfbert.cli.text_rows import UsageError
from tfbert.cli.train_arguments import columns_of
from tfbert.cli.train_data import TrainingRows
from tfbert.tasks.base.task import Task
from tfbert.tasks.registry import TASKS, find_task
from tfbert.training import ResumableTraining
from tfbert.training.data.row_kinds import KINDS, kind_of
from tfbert.training.distributed import is_chief
from tfbert.training.optimizers.make_optimizer import make_optimizer


def load_task(options: argparse.Namespace) -> Task:
    """Load the checkpoint as the task that the command line names.

    Raises:
        UsageError: If files cannot train the task, or it has no such column.
    """
    name = find_task(options.task)
    if name not in KINDS:
        raise UsageError(f"{name} has nothing to train; tasks that have: {', '.join(KINDS)}")
    try:
        kind_of(name, columns_of(options))
    except ValueError as error:
        raise UsageError(str(error)) from error
    overrides: dict[str, Any] = {"problem_type": options.problem_type, "dtype": options.dtype}
    if options.labels:
        overrides["id2label"] = dict(enumerate(options.labels))
    given = {key: value for key, value in overrides.items() if value is not None}
    return TASKS[name].task_class().from_pretrained(options.model, max_length=options.max_length, **given)


def make_ready(task: Task, options: argparse.Namespace, training: TrainingRows) -> None:
    """Freeze what is not to be trained, and compile the task with optimizer and metrics."""
    if options.freeze_embeddings or options.freeze_layers:
        task.model.freeze(layers=options.freeze_layers or 0)
    if options.lora_rank:
        task.model.enable_lora(rank=options.lora_rank)
    if options.gradient_checkpointing:
        task.model.gradient_checkpointing_enable()
    optimizer = make_optimizer(
        total_steps=math.ceil(training.count / options.batch_size) * options.epochs,
        learning_rate=options.learning_rate,
        schedule=options.schedule,
        warmup=options.warmup,
        weight_decay=options.weight_decay,
        layer_decay=options.layer_decay,
        clip_norm=options.clip_norm,
        gradient_accumulation=options.gradient_accumulation,
    )
    task.compile(optimizer=optimizer, metrics=task.default_metrics(), jit_compile=options.jit or "auto")


def make_callbacks(options: argparse.Namespace, task: Task) -> list[keras.callbacks.Callback]:
    """Return the callbacks that the command line asks for; of several workers the first one alone writes logs."""
    writes = is_chief(task.distribute_strategy)
    callbacks: list[keras.callbacks.Callback] = []
    if options.early_stopping:
        monitor = "val_loss" if options.validation_data or options.validation_split else "loss"
        callbacks.append(
            keras.callbacks.EarlyStopping(monitor, patience=options.early_stopping, restore_best_weights=True)
        )
    if options.tensorboard and writes:
        callbacks.append(keras.callbacks.TensorBoard(options.tensorboard))
    if options.csv_log and writes:
        Path(options.csv_log).parent.mkdir(parents=True, exist_ok=True)
        callbacks.append(keras.callbacks.CSVLogger(options.csv_log, append=options.resume))
    if options.resume:
        callbacks.append(ResumableTraining(options.output))
    return callbacks


def class_weight_of(options: argparse.Namespace, task: Task, training: TrainingRows) -> dict[str, float] | None:
    """Return weights with which every class counts as much as the others, as scikit-learn balances them."""
    if options.class_weight is None:
        return None
    if not task.class_numbers():
        raise UsageError("--class-weight needs one class for each text")
    total, classes = training.count, len(training.labels)
    return {name: total / (classes * count) for name, count in training.labels.items()}
