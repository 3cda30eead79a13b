"""`pipeline()`: a task by its Hugging Face name."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

from tfbert.models.pretrained_model import BertPreTrainedModel
from tfbert.tasks.base.task import Task
from tfbert.tasks.open_task import open_task
from tfbert.tasks.pipelines.pipeline import Pipeline
from tfbert.tasks.registry import TASKS, find_task
from tfbert.tasks.served_task import ServedTask


def pipeline(
    task: str | None = None,
    model: str | PathLike | Task | ServedTask | BertPreTrainedModel | None = None,
    tokenizer: Any = None,
    *,
    batch_size: int = 32,
    **options: Any,
) -> Pipeline:
    """Return a function from Python values to the dicts that Hugging Face's pipeline of that name returns.

    Args:
        task: str. Such as "text-classification", "sentiment-analysis", "ner", "question-answering", "fill-mask";
            by default what the model's files say.
        model: Path of a checkpoint folder, a `.keras` file or a SavedModel; a name on the Hugging Face hub; a task of
            `tfbert.tasks`; or a model, which needs `tokenizer`.
        tokenizer: `FastBertTokenizer`, or the path of a folder with one. Only with a model object.
        batch_size: int, default 32. Rows at a time.
        **options: Options of every call, such as `top_k`; a call's own win.

    Returns:
        A `Pipeline`.

    Raises:
        ValueError: If there is no such task, or the model's head does not fit it or was never trained.

    Example:
        >>> classify = pipeline("sentiment-analysis", model="path/to/checkpoint")  # doctest: +SKIP
        >>> classify("What a lovely day")  # doctest: +SKIP
        [{'label': 'positive', 'score': 0.99}]

    Source: `transformers.pipeline`.
    """
    name = None if task is None else find_task(task)
    if model is None:
        raise ValueError("`model` is missing: pipeline(task, model='path/to/checkpoint').")
    opened = _task_of(name, model, tokenizer)
    return TASKS[opened.task_name].pipeline_class()(opened, batch_size, **options)


def _task_of(name: str | None, model: Any, tokenizer: Any) -> Task | ServedTask:
    if tokenizer is not None and not isinstance(model, BertPreTrainedModel):
        raise ValueError("`tokenizer` goes with a model object only; folders and tasks have their own. Leave it out.")
    if isinstance(model, Task | ServedTask):
        if name not in (None, model.task_name):
            raise ValueError(f"`model` is for {model.task_name!r}, not for {name!r}. Leave `task` out.")
        return model
    if isinstance(model, BertPreTrainedModel):
        return _task_around(name, model, tokenizer)
    return open_task(fspath(model), name)


def _task_around(name: str | None, model: BertPreTrainedModel, tokenizer: Any) -> Task:
    """A task of a model object, which must have the right head."""
    from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer

    if name is None or tokenizer is None:
        raise ValueError("A model object needs both: pipeline(task, model=model, tokenizer=tokenizer).")
    if not isinstance(tokenizer, FastBertTokenizer):
        tokenizer = FastBertTokenizer.from_pretrained(tokenizer)
    return TASKS[name].task_class()(model, tokenizer)
