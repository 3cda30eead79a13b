"""The graph functions that a task is served by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from tfbert.tasks.task import Task

IDS_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def make_signatures(task: Task, columns: list[str]) -> dict[str, Any]:
    """Return a task's signatures.

    Args:
        task: The task.
        columns: list of str. Names of the text inputs: ["text"], or ["text", "text_pair"].

    Returns:
        A dict of concrete functions: `serving_default` and `tokenize` take the text columns, string [None]; `ids`
        takes `input_ids`, `attention_mask` and `token_type_ids`, int32 [None, None]. All return dicts of batch-major
        tensors.
    """
    text_specs = [tf.TensorSpec([None], tf.string, name=name) for name in columns]
    ids_specs = [tf.TensorSpec([None, None], tf.int32, name=name) for name in IDS_INPUTS]

    def serving_default(*texts):
        return task(dict(zip(columns, texts)), training=False)

    def tokenize(*texts):
        text, text_pair = texts if len(texts) == 2 else (texts[0], None)
        return task.tokenizer(text, text_pair, return_attention_mask=True, return_token_type_ids=True)

    def ids(*inputs):
        return task.forward(dict(zip(IDS_INPUTS, inputs)), training=False)

    return {
        "serving_default": _graph_function(serving_default, text_specs),
        "tokenize": _graph_function(tokenize, text_specs),
        "ids": _graph_function(ids, ids_specs),
    }


def _graph_function(function: Any, specs: list[tf.TensorSpec]) -> Any:
    return tf.function(function, input_signature=specs, autograph=False).get_concrete_function()
