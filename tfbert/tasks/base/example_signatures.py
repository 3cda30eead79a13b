"""The graph functions that TF Serving's classify and regress ask: serialized `tf.Example` in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from tfbert.tasks.base.task import Task


def example_signatures(task: Task, names: Sequence[str]) -> dict[str, Any]:
    """Return the signature of a task for TF Serving's Classify or Regress.

    Args:
        task: The task.
        names: Sequence of str. The text inputs; the features of the examples have the same names.

    Returns:
        A dict of no or one concrete function: `classify`, to `classes` string [B, K] and `scores` float32 [B, K], best
        first; or `regress`, to `outputs` float32 [B, 1]. It takes `inputs`, string [B], serialized examples.

    Source: TF Serving's classifier and regressor, which know tensors by these names.
    """
    method = task.example_method
    if method is None:
        return {}
    features = {name: tf.io.FixedLenFeature([], tf.string) for name in names}

    def answer(inputs):
        columns = tf.io.parse_example(inputs, features)
        answers = task({name: columns[name] for name in names}, training=False)
        if method == "regress":
            return {"outputs": answers["score"][:, tf.newaxis]}
        if "labels" in answers:
            return {"classes": answers["labels"], "scores": answers["scores"]}
        return {"classes": answers["label"][:, tf.newaxis], "scores": answers["score"][:, tf.newaxis]}

    spec = tf.TensorSpec([None], tf.string, name="inputs")
    return {method: tf.function(answer, input_signature=[spec], autograph=False).get_concrete_function()}
