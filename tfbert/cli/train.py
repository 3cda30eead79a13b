"""Train a task on files of texts and labels.

Example:
  tfbert train path/to/checkpoint --data reviews.csv --text review --label stars --output outputs/reviews
  tfbert train path/to/checkpoint --task ner --data train.conll --test-data test.conll --output outputs/ner
  tfbert train path/to/checkpoint --task question-answering --data squad.json --output outputs/squad
  tfbert train path/to/checkpoint --data reviews.csv --output out --workers host1:2222,host2:2222 --worker-index 0
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tfbert.cli.text_rows import write_json_row
from tfbert.cli.train_arguments import add_arguments, check_options
from tfbert.cli.train_workers import strategy_of

__all__ = ["add_arguments", "run"]


def run(options: argparse.Namespace) -> None:
    """Train, save, test, report, and print the metrics; of several workers the first one does all but the training."""
    check_options(options)
    _check_places(options)

    import keras

    from tfbert.cli.train_checkpoint import CheckpointEachEpoch, save_checkpoint
    from tfbert.cli.train_data import read_data
    from tfbert.cli.train_task import load_task, make_ready
    from tfbert.training.distributed import is_chief, wait_for_workers

    strategy = strategy_of(options)
    keras.utils.set_random_seed(options.seed)
    with strategy.scope():
        task = load_task(options)
    training, others = read_data(options, task)
    with strategy.scope():
        make_ready(task, options, training)
    checkpoints = CheckpointEachEpoch(options.output)
    try:
        history, metrics = _fit(task, options, training, others.get("validation"), checkpoints)
        if options.lora_rank:
            task.model.merge_lora()
        if is_chief(strategy):
            save_checkpoint(task, options.output)
    except FloatingPointError as error:
        epoch = checkpoints.saved_epoch
        kept = "Nothing was saved" if epoch is None else f"{options.output!r} holds the checkpoint of epoch {epoch}"
        advice = "Give a lower --learning-rate, or a --clip-norm above 0"
        raise FloatingPointError(f"{error} {advice}. {kept}.") from error
    if is_chief(strategy):
        task = task if strategy.num_replicas_in_sync == 1 else type(task).from_pretrained(options.output)
        _finish(task, options, training, others, history, metrics)
    wait_for_workers(strategy)


def _finish(
    task: Any, options: argparse.Namespace, training: Any, others: Any, history: Any, metrics: dict[str, float]
) -> None:
    """Test, report, export, and print the metrics."""
    from tfbert.cli.train_facts import facts_of
    from tfbert.training.report import write_report

    results = _evaluate(task, options, others["test"]) if "test" in others else {}
    write_report(options.output, facts_of(options, task, training, others, history, results), options.plots)
    if options.export:
        task.export(options.export)
    _print(options, {**metrics, **{f"test_{name}": value for name, value in results.items()}})


def _check_places(options: argparse.Namespace) -> None:
    """Refuse, before any work, places that cannot be written to and files that are not there."""
    from tfbert.training.data.files import find_files
    from tfbert.training.report.charts import plots_are_there

    if options.export and Path(options.export).exists():
        raise FileExistsError(f"{options.export!r} exists already. Choose the next version number.")
    if Path(options.output).exists() and not Path(options.output).is_dir():
        raise FileExistsError(f"{options.output!r} is a file. Give --output a folder.")
    for files in filter(None, (options.data, options.validation_data, options.test_data)):
        find_files(files)
    if not plots_are_there() and options.plots is not False:
        if options.plots:
            raise ModuleNotFoundError("--plots takes matplotlib: pip install 'tfbert-keras[plots]'.")
        print("tfbert: no charts are drawn: pip install 'tfbert-keras[plots]'", file=sys.stderr)


def _fit(
    task: Any, options: argparse.Namespace, training: Any, validation: Any, checkpoints: Any
) -> tuple[Any, dict[str, float]]:
    """Return the history, and the metrics of the epoch whose weights the task has now."""
    import keras

    from tfbert.cli.train_task import class_weight_of, make_callbacks
    from tfbert.training.distributed import is_chief

    callbacks, shows = make_callbacks(options, task), is_chief(task.distribute_strategy) and not options.json
    x, y = training.texts_and_labels(options.batch_size, lambda: task.training_epochs, options.shuffle_buffer)
    history = task.fit(
        x,
        y,
        batch_size=options.batch_size,
        epochs=options.epochs,
        validation_data=validation and validation.texts_and_labels(options.batch_size),
        class_weight=class_weight_of(options, task, training),
        callbacks=[*callbacks, checkpoints],
        verbose=0 if not shows else "auto" if sys.stdout.isatty() else 2,
        group_by_length=options.group_by_length,
    )
    best = next((call.best_epoch for call in callbacks if isinstance(call, keras.callbacks.EarlyStopping)), -1)
    return history, {name: values[best] for name, values in history.history.items()}


def _evaluate(task: Any, options: argparse.Namespace, part: Any) -> dict[str, float]:
    x, y = part.texts_and_labels(options.batch_size)
    results = task.evaluate(x, y, batch_size=options.batch_size, verbose=0, return_dict=True)
    return {name: float(value) for name, value in results.items()}


def _print(options: argparse.Namespace, result: dict[str, float]) -> None:
    if options.json:
        write_json_row({"output": options.output, **result})
    else:
        print(f"Saved to {options.output}: " + ", ".join(f"{name} {value:.4f}" for name, value in result.items()))
