"""What the workers of a `tf.distribute.MultiWorkerMirroredStrategy` are, and how they tell one another numbers.

Every worker has to call what exchanges something, in the same order; on one host there is nothing to exchange.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

A_DAY = 86_400  # seconds


def worker_count(strategy: tf.distribute.Strategy) -> int:
    """Return how many processes train together."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 1
    spec = strategy.cluster_resolver.cluster_spec()
    return sum(spec.num_tasks(job) for job in spec.jobs) or 1


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Return whether this process is the one that writes files: the first of the workers, or the only one."""
    if worker_count(strategy) == 1:
        return True
    resolver = strategy.cluster_resolver
    return resolver.task_type == "chief" or (resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs)


def wait_for_workers(strategy: tf.distribute.Strategy, timeout: int = A_DAY) -> None:
    """Return when every worker has come here.

    Args:
        strategy: The one that they train with.
        timeout: int, default a day. Seconds.

    Raises:
        ConnectionError: If a worker stopped, or did not come in time.
    """
    if worker_count(strategy) > 1:
        options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=timeout)
        with losing_workers():
            _together(strategy, lambda context: context.all_reduce("SUM", tf.ones([]), options))


def from_workers(strategy: tf.distribute.Strategy, numbers: Sequence[int]) -> np.ndarray:
    """Return the numbers of every worker, int64 [W, N], from this one's [N]."""
    if worker_count(strategy) == 1:
        return np.array([numbers], np.int64)
    row = tf.constant([numbers], tf.int64)
    rows = _together(strategy, lambda context: context.all_gather(row, axis=0)).numpy()
    return rows[:: len(rows) // worker_count(strategy)]


def copy_from_chief(strategy: tf.distribute.Strategy, variables: Sequence[Any]) -> None:
    """Give the variables of all workers the values that the chief's have."""
    if worker_count(strategy) == 1:
        return
    for variable in variables:
        value = tf.convert_to_tensor(variable)
        number = tf.cast(value, tf.int64 if value.dtype.is_integer or value.dtype.is_bool else tf.float32)
        variable.assign(tf.cast(_together(strategy, lambda context: _of_first(context, number)), value.dtype))  # noqa: B023


@contextlib.contextmanager
def losing_workers() -> Iterator[None]:
    """Say in plain words that a worker was lost.

    Raises:
        ConnectionError: In place of what TensorFlow raises then.
    """
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.DeadlineExceededError, tf.errors.FailedPreconditionError) as error:
        raise ConnectionError(
            "Another worker stopped or does not answer. Start all workers again: with ResumableTraining, or "
            f"`tfbert train --resume`, they go on from the last backup. TensorFlow says: {_last_words(error)}"
        ) from error


def _together(strategy: tf.distribute.Strategy, exchange: Callable[[Any], tf.Tensor]) -> tf.Tensor:
    """What each replica gets from an exchange between all of them."""
    result = strategy.run(tf.function(lambda: exchange(tf.distribute.get_replica_context())))
    return strategy.experimental_local_results(result)[0]


def _of_first(context: Any, value: tf.Tensor) -> tf.Tensor:
    is_first = tf.equal(context.replica_id_in_sync_group, 0)
    return context.all_reduce("SUM", tf.where(is_first, value, tf.zeros_like(value)))


def _last_words(error: tf.errors.OpError) -> str:
    """The line of a graph's error that says what happened."""
    lines = [line for line in error.message.splitlines() if "aborted" in line or "eadline" in line]
    return (lines or error.message.splitlines() or [type(error).__name__])[0].strip()
