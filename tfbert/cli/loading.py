"""A model from a path, whatever form it has: checkpoint folder, `.keras` file or SavedModel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbert.json_file import read_json

if TYPE_CHECKING:
    from tfbert.tasks.task import Task

TASKS = ("text-classification", "text-embedding")
Answer = Callable[[dict[str, list[str]]], dict[str, Any]]


def load_answer(path: str, task: str, batch_size: int, max_length: int | None = None) -> Answer:
    """Return the function from columns of text to columns of answers.

    Args:
        path: Path of a SavedModel, a checkpoint folder or a `.keras` file.
        task: str, one of `TASKS`.
        batch_size: int.
        max_length: int. Longest input in tokens; not for a SavedModel, which has its own.

    Returns:
        A function from a dict of lists of str to a dict of NumPy arrays.
    """
    if is_saved_model(path):
        _refuse_length(path, max_length)
        return _saved_model_answer(path, task, batch_size)
    model = load_task(path, task, max_length)
    return lambda columns: model.predict(columns, batch_size=batch_size, verbose=0)


def load_task(path: str, task: str | None = None, max_length: int | None = None) -> Task:
    """Load a checkpoint folder or a `.keras` file as a task, ready to answer.

    Args:
        path: Path of the folder or file.
        task: str, one of `TASKS`; by default what the folder's files say.
        max_length: int. Longest input in tokens.

    Returns:
        The task.

    Raises:
        ValueError: If nothing says the task, the file holds another, or a classifier has no trained head.
    """
    import keras

    from tfbert.tasks import TextClassifier, TextEmbedder
    from tfbert.tasks.task import Task

    classes: dict[str, type[Task]] = {cls.task_name: cls for cls in (TextClassifier, TextEmbedder)}
    if str(path).endswith(".keras"):
        _refuse_length(path, max_length)
        model = keras.saving.load_model(path)
        if not isinstance(model, Task) or (task is not None and model.task_name != task):
            raise ValueError(f"{path!r} holds a {type(model).__name__}, not a model for {task or 'text'}.")
        return model
    task_class = classes[task or task_of_folder(path)]
    model = task_class.from_pretrained(path, max_length=max_length)
    if getattr(model, "learns_labels", False):
        raise ValueError(
            f"{path!r} has no trained classification head, so its answers would be random. "
            f"Train one first: tfbert train {path} --data FILE --output DIR."
        )
    return model


def task_of_folder(path: str) -> str:
    """Return the task that a checkpoint folder's files speak of."""
    folder = Path(path)
    if (folder / "config.json").is_file():
        architectures = read_json(folder / "config.json").get("architectures") or []
        if any("SequenceClassification" in name for name in architectures):
            return "text-classification"
    if (folder / "modules.json").is_file():
        return "text-embedding"
    raise ValueError(f"Nothing in {path!r} says what it is for. Give --task {' or --task '.join(TASKS)}.")


def _refuse_length(path: str, max_length: int | None) -> None:
    if max_length is not None:
        raise ValueError(
            f"{path!r} has its own max_length: leave out --max-length, or make it anew from its checkpoint."
        )


def is_saved_model(path: str) -> bool:
    """Whether a SavedModel lies at the path."""
    return (Path(path) / "saved_model.pb").is_file()


def _saved_model_answer(path: str, task: str, batch_size: int) -> Answer:
    import numpy as np
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  # registers the ops

    from tfbert.tokenization.text_input import as_str_array

    loaded = tf.saved_model.load(path)
    function = loaded.signatures["serving_default"]
    outputs = set(function.structured_outputs)
    if (task == "text-embedding") != ("embedding" in outputs):
        raise ValueError(f"The SavedModel at {path!r} returns {sorted(outputs)}; that is no {task} model.")
    wanted = sorted(function.structured_input_signature[1])

    def answer(columns: dict[str, list[str]]) -> dict[str, Any]:
        if sorted(columns) != wanted:
            raise ValueError(f"The model at {path!r} takes {wanted}. Received: {sorted(columns)}.")
        rows = len(columns["text"])
        parts = [
            function(**{name: tf.constant(column[start : start + batch_size]) for name, column in columns.items()})
            for start in range(0, rows, batch_size)
        ]
        arrays = {name: np.concatenate([part[name].numpy() for part in parts]) for name in sorted(outputs)}
        return {name: as_str_array(array) for name, array in arrays.items()}

    answer.loaded = loaded  # type: ignore[attr-defined]  # its variables live as long as this reference
    return answer
