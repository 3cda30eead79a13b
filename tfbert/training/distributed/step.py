"""How workers share a batch, and take a step on it together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def shared_by_rows(data: Any) -> Any:
    """Return a dataset of global batches such that each worker takes its rows of every batch; other data as they are.

    All workers make all batches, random masks and padding included, so that these are the ones of a single process.
    """
    if not isinstance(data, tf.data.Dataset):
        return data
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return data.with_options(options)


def step_of_workers(model: Any, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that takes a step on the next batch of an iterator, as `keras.Model.train_function` does.

    Args:
        model: The Keras model, made in the scope of a `tf.distribute.MultiWorkerMirroredStrategy`.
        step: Its `train_step` or `test_step`. The loss that it computes is that of the global batch.

    Returns:
        A function of a distributed iterator that returns the logs of this worker.

    Raises:
        ValueError: If the model takes several steps at a time.
    """
    if model.steps_per_execution != 1:
        raise ValueError("Several hosts take one step at a time: leave `steps_per_execution` out of compile().")
    strategy = model.distribute_strategy

    @tf.autograph.experimental.do_not_convert
    def one_step(iterator):
        logs = strategy.run(step, args=(next(iterator),))
        return tf.nest.map_structure(lambda value: strategy.experimental_local_results(value)[0], logs)

    return one_step if model.run_eagerly else tf.function(one_step, reduce_retracing=True)
