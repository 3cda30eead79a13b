"""What an exported model gives up and what it brings, against the model in memory: size, accuracy, likeness, time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from tfbert.export.formats import size_of
from tfbert.export.report_file import report_path
from tfbert.json_file import write_json
from tfbert.tasks.base.task import Task
from tfbert.tasks.served_task import ServedTask

VECTORS = ("embedding", "last_hidden_state")
WARM_UP, ROUNDS, BATCH_SIZE = 3, 30, 32
# Plain sentences of several lengths and languages, where nobody gives texts.
TEXTS = (
    "What a lovely day!",
    "The delivery was two weeks late and nobody answered my messages, so I asked for my money back.",
    "Anna Wolfgang works for Microsoft in New York.",
    "Das Essen war gut, aber der Service ließ zu wünschen übrig.",
    "La película es magnífica; el final, en cambio, me dejó frío.",
    "北京是中国的首都。",
    "Это была лучшая книга, которую я прочитал в этом году.",
    "ok",
    "I am not sure whether I should laugh or cry about the new update: it is faster, but half of the menus moved.",
    "The committee will meet on Tuesday at 10:30 in room 4.",
    "Temperatures may fall below zero in the valleys during the night, with fog until noon.",
    "😀 best. concert. ever. 🎸",
)


def export_report(
    task: Task, path: str | PathLike, texts: Any = None, labels: Sequence[Any] | None = None
) -> dict[str, Any]:
    """Compare an exported model with the task that it came from, and write what was found beside it.

    Args:
        task: The task in memory.
        path: Path of its export: a SavedModel, a LiteRT or an ONNX file that takes text.
        texts: Text in any form, like that to come. None takes a dozen sentences, which say little of accuracy.
        labels: Sequence of the right labels of `texts`, or None; for tasks that answer with `label` or `choice`.

    Returns:
        A dict: `megabytes`; `share_of_float32`, its size over that of the weights in float32; `rows`; `outputs`,
        for each answer `largest_difference`, `lowest_cosine` and `mean_cosine` (vectors), or `same` (the share of equal
        strings); `accuracy` of both where there are labels; `milliseconds` of one text and of a text in a batch of 32,
        medians, of both in turns. It stands in a file beside the export, too: `<name>.report.json`.

    Raises:
        ValueError: If the export is of another task, the task answers no labels, or there are not as many labels as
            texts.

    Example:
        >>> export_report(task, "sentiment.tflite", texts, labels)["accuracy"]  # doctest: +SKIP
        {'float32': 0.968, 'exported': 0.967}
    """
    served = ServedTask(path)
    if served.task_name != task.task_name:
        raise ValueError(f"{str(path)!r} is a model for {served.task_name!r}, and `task` is for {task.task_name!r}.")
    read = served.read_inputs(_texts_for(served) if texts is None else texts)
    columns = {column.name: read[column.name] for column in served.columns}
    expected, found = (one.predict(columns, verbose=0) for one in (task, served))
    size = size_of(path)
    weights = 4 * sum(int(np.prod(weight.shape)) for weight in task.model.weights)
    report: dict[str, Any] = {
        "file": Path(path).name,
        "task": task.task_name,
        "precision": served.metadata.get("precision", task.dtype_policy.name),
        "megabytes": round(size / 1e6, 2),
        "share_of_float32": round(size / weights, 3),
        "rows": len(next(iter(expected.values()))),
        "outputs": {name: _likeness(name, expected[name], found[name]) for name in expected},
        "milliseconds": _milliseconds({"memory": task.predict, "exported": served.predict}, columns),
    }
    if labels is not None:
        names = served.metadata.get("labels", [])
        report["accuracy"] = {
            "float32": _accuracy(expected, labels, names),
            "exported": _accuracy(found, labels, names),
        }
    write_json(report_path(path), report)
    return report


def _texts_for(served: ServedTask) -> dict[str, Any]:
    """The built-in texts in each column, each time begun at another one; three a row where a row has several."""
    turned = ([*TEXTS[shift:], *TEXTS[:shift]] for shift in range(len(served.columns)))
    return {
        column.name: [texts[:3]] * len(texts) if column.several else texts
        for column, texts in zip(served.columns, turned)
    }


def _likeness(name: str, expected: np.ndarray, found: np.ndarray) -> dict[str, float]:
    if expected.dtype == object or expected.dtype.kind in "iub":
        return {"same": float(np.mean(expected == found)) if expected.shape == found.shape else 0.0}
    likeness = {"largest_difference": float(np.max(np.abs(expected - found), initial=0.0))}
    if name in VECTORS:
        cosines = _cosines(expected.astype(np.float64), found.astype(np.float64))
        likeness |= {"lowest_cosine": float(cosines.min()), "mean_cosine": float(cosines.mean())}
    return likeness


def _cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosines of the vectors [..., D] of two arrays; those of padding, which are zero, are left out."""
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.sum(a * b, axis=-1)[lengths > 0] / lengths[lengths > 0]


def _accuracy(answers: Mapping[str, np.ndarray], labels: Sequence[Any], names: Sequence[str]) -> float:
    """The share of right labels, which are names, class numbers, or the places or texts of choices."""
    are_places = all(isinstance(label, Integral) for label in labels)
    name = next((name for name in ("label", "index" if are_places else "choice") if name in answers), None)
    if name is None:
        raise ValueError(f"Answers with {sorted(answers)} have no accuracy. Leave out `labels`.")
    if len(labels) != len(answers[name]):
        raise ValueError(f"`labels` must be one for each text, {len(answers[name])}. Received: {len(labels)}.")
    if not all(isinstance(label, str | Integral) for label in labels):
        raise ValueError(f"`labels` must be names or numbers, one for each text. Received: {labels[0]!r}.")
    expected = [_named(str(label), names) if name == "label" else str(label) for label in labels]
    return float(np.mean([label == str(answer) for label, answer in zip(expected, answers[name])]))


def _named(label: str, names: Sequence[str]) -> str:
    """The name of a class that is given by name or by number."""
    is_number = label not in names and label.isdigit() and int(label) < len(names)
    return names[int(label)] if is_number else label


def _milliseconds(predicts: Mapping[str, Callable], columns: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Median time of one row, and of a row in a batch of 32, of models that take turns."""
    count = len(next(iter(columns.values())))
    found = {}
    for name, size in (("one_text", 1), ("text_in_a_batch", BATCH_SIZE)):
        times: dict[str, list[float]] = {model: [] for model in predicts}
        for turn in range(WARM_UP + ROUNDS):
            rows = np.arange(turn * size, (turn + 1) * size) % count
            part = {column: texts.numpy()[rows] for column, texts in columns.items()}
            for model, predict in predicts.items():
                start = time.perf_counter()
                predict(part, batch_size=size, verbose=0)
                times[model].append(1e3 * (time.perf_counter() - start) / size)
        found[name] = {model: round(statistics.median(taken[WARM_UP:]), 3) for model, taken in times.items()}
    return found
