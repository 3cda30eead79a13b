"""The graph functions that a task is served by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from tfbert.tasks.base.task import Task

Features = dict[str, tf.Tensor]


def make_signatures(
    task: Task,
    names: Sequence[str],
    keys: Sequence[str] = ("serving_default", "tokenize", "ids"),
    keep_rows: bool = False,
) -> dict[str, Any]:
    """Return a task's signatures.

    Args:
        task: The task.
        names: Sequence of str. The text inputs: ["text"], or ["text", "text_pair"], …
        keys: Sequence of str. Which signatures to make.
        keep_rows: bool, default False. Let the model see a row where a batch has none, for runtimes without empty
            tensors.

    Returns:
        A dict of concrete functions: `serving_default` and `tokenize` take the text columns, string [None] or
        [None, None]; `ids` takes `input_ids`, `attention_mask` and `token_type_ids`, int32. All return dicts of
        batch-major tensors.
    """
    columns = [column for column in task.columns if column.name in names]
    text_specs = [tf.TensorSpec([None, None] if c.several else [None], tf.string, name=c.name) for c in columns]
    ranks = task.ids_ranks()
    ids_specs = [tf.TensorSpec([None] * rank, tf.int32, name=name) for name, rank in ranks.items()]
    guarded = never_empty if keep_rows else lambda answer: answer

    def serving_default(*texts):
        given = dict(zip(names, texts))
        if not task.answers_in_steps:
            return task(given, training=False)
        answer = guarded(lambda features: task.decode(task.forward(features, training=False), features, given))
        return answer(task.tokenize(given))

    def tokenize(*texts):
        return task.ids_of(dict(zip(names, texts)))

    def ids(*inputs):
        return guarded(lambda features: task.forward(features, training=False))(dict(zip(ranks, inputs)))

    made = {
        "serving_default": (serving_default, text_specs),
        "tokenize": (tokenize, text_specs),
        "ids": (ids, ids_specs),
    }
    return {key: _graph_function(*made[key]) for key in keys}


def never_empty(answer: Callable[[Features], Features]) -> Callable[[Features], Features]:
    """Return a function that shows `answer` a row of zeros where there is none."""

    def run(features: Features) -> Features:
        rows = tf.shape(features["input_ids"])[0]
        missing = tf.cast(rows == 0, tf.int32)
        shown = {name: tf.pad(ids, [[0, missing]] + [[0, 0]] * (ids.shape.rank - 1)) for name, ids in features.items()}
        return {name: values[:rows] for name, values in answer(shown).items()}

    return run


def _graph_function(function: Any, specs: list[tf.TensorSpec]) -> Any:
    return tf.function(function, input_signature=specs, autograph=False).get_concrete_function()
