"""The graph functions that a task is served by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from tfbert.tasks.base.task import Task


def make_signatures(task: Task, names: list[str]) -> dict[str, Any]:
    """Return a task's signatures.

    Args:
        task: The task.
        names: list of str. The text inputs: ["text"], or ["text", "text_pair"], …

    Returns:
        A dict of concrete functions: `serving_default` and `tokenize` take the text columns, string [None] or
        [None, None]; `ids` takes `input_ids`, `attention_mask` and `token_type_ids`, int32. All return dicts of
        batch-major tensors.
    """
    columns = [column for column in task.columns if column.name in names]
    text_specs = [tf.TensorSpec([None, None] if c.several else [None], tf.string, name=c.name) for c in columns]
    ranks = task.ids_ranks()
    ids_specs = [tf.TensorSpec([None] * rank, tf.int32, name=name) for name, rank in ranks.items()]

    def serving_default(*texts):
        return task(dict(zip(names, texts)), training=False)

    def tokenize(*texts):
        return task.ids_of(dict(zip(names, texts)))

    def ids(*inputs):
        return task.forward(dict(zip(ranks, inputs)), training=False)

    return {
        "serving_default": _graph_function(serving_default, text_specs),
        "tokenize": _graph_function(tokenize, text_specs),
        "ids": _graph_function(ids, ids_specs),
    }


def _graph_function(function: Any, specs: list[tf.TensorSpec]) -> Any:
    return tf.function(function, input_signature=specs, autograph=False).get_concrete_function()
