"""A task from a path, whatever lies there: checkpoint folder, `.keras` file, SavedModel, LiteRT or ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfbert.checkpoints.sentence_folder import MODULES_FILE
from tfbert.config_file import CONFIG_FILES, read_config_values
from tfbert.export.formats import is_exported_file
from tfbert.hub import resolve_folder
from tfbert.tasks.base.task import Task
from tfbert.tasks.registry import TASKS, TaskEntry, find_task
from tfbert.tasks.served_task import ServedTask


def open_task(path: str, name: str | None = None, **overrides: Any) -> Task | ServedTask:
    """Open a model as a task that is ready to answer.

    Args:
        path: Path of a checkpoint folder, a `.keras` file, a SavedModel, a LiteRT or ONNX file, or a name on the
            Hugging Face hub.
        name: str or None. The task; None is what the files say.
        **overrides: What `from_pretrained` takes; for checkpoint folders only.

    Returns:
        A `Task`, or a `ServedTask` for what was exported.

    Raises:
        ValueError: If nothing says the task, the model is for another, or its head was never trained.
    """
    name = None if name is None else find_task(name)
    is_exported = is_saved_model(path) or is_exported_file(path)
    if is_exported or str(path).endswith(".keras"):
        overrides = {key: value for key, value in overrides.items() if value is not None}
        if overrides:
            raise ValueError(f"{path!r} has its own {', '.join(overrides)}: leave that out, or use its checkpoint.")
        task: Task | ServedTask = ServedTask(path) if is_exported else _keras_task(path)
        if name not in (None, task.task_name):
            raise ValueError(f"{path!r} is a model for {task.task_name!r}, not for {name!r}.")
        return task
    name = name or task_of_folder(path)
    entry = TASKS[name]
    opened = entry.task_class().from_pretrained(path, **overrides)
    found = read_config_values(resolve_folder(path, CONFIG_FILES)).get("architectures") or ["no model with a head"]
    if opened.has_new_head or _is_for_others(found, entry):
        raise ValueError(
            f"{str(path)!r} has no trained head for {name}, so its answers would be random: it holds {found[0]}. "
            f"Train one first: tfbert.tasks.{entry.task}.from_pretrained({str(path)!r}).fit(…)."
        )
    return opened


def _is_for_others(architectures: list[str], entry: TaskEntry) -> bool:
    """Whether a checkpoint is for other tasks only: their heads may have weights of the same names and shapes."""
    if not entry.has_head or any(entry.names(found) for found in architectures):
        return False
    return any(other.has_head and other.names(found) for found in architectures for other in TASKS.values())


def task_of_folder(path: str) -> str:
    """Return the task that a checkpoint folder's files speak of.

    Args:
        path: Path of the folder, or a name on the Hugging Face hub.

    Returns:
        str, a key of `TASKS`.

    Raises:
        ValueError: If they speak of none.
    """
    folder = resolve_folder(path, (*CONFIG_FILES, MODULES_FILE))
    if (folder / MODULES_FILE).is_file():
        return "text-embedding"
    architectures = read_config_values(folder).get("architectures") or []
    for name, entry in TASKS.items():
        if any(entry.names(found) for found in architectures):
            return name
    raise ValueError(f"Nothing in {str(path)!r} says what it is for. Name the task, one of: {', '.join(TASKS)}.")


def is_saved_model(path: str) -> bool:
    """Whether a SavedModel lies at the path."""
    return (Path(path) / "saved_model.pb").is_file()


def _keras_task(path: str) -> Task:
    import keras

    model = keras.saving.load_model(path)
    if not isinstance(model, Task):
        raise ValueError(f"{path!r} holds a {type(model).__name__}, which takes no text. Save one of tfbert.tasks.")
    return model
