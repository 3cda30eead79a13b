"""What replicas of a model, each with its rows of a batch, tell one another, so that they train as one.

In a step of `tf.distribute.Strategy.run` each replica sees its rows of the global batch, and the optimizer adds up the
gradients of all. Elsewhere, and where there is one replica alone, these functions return what they were given.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def replica_count() -> int:
    """Return how many replicas run this step together."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def mean_over_replicas(mean: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Return the mean over the values of all replicas.

    Args:
        mean: float scalar, over the values of this replica.
        count: Scalar, how many these are.

    Returns:
        A scalar of the dtype of `mean`, the same on every replica; 0 where there are no values at all.
    """
    if replica_count() == 1:
        return mean
    count = tf.cast(count, mean.dtype)
    context = tf.distribute.get_replica_context()
    total, counts = context.all_reduce(tf.distribute.ReduceOp.SUM, [tf.where(count > 0, mean * count, 0), count])
    return tf.math.divide_no_nan(total, counts)


def part_of_loss(loss: tf.Tensor) -> tf.Tensor:
    """Return this replica's part of a loss that all have together, as Keras expects it: parts add up to the whole."""
    return loss / replica_count() if replica_count() > 1 else loss


def rows_of_all_replicas(rows: tf.Tensor) -> tf.Tensor:
    """Return rows [B, …] of every replica, one replica's after the other's; all but B are the same."""
    if replica_count() == 1:
        return rows
    gathered = tf.distribute.get_replica_context().all_gather(rows, axis=0)
    return tf.ensure_shape(gathered, [None, *rows.shape[1:]])


def rows_before_replica(rows: Any) -> tf.Tensor:
    """Return how many rows the replicas before this one have, which is where its own are among those of all."""
    if replica_count() == 1:
        return tf.constant(0)
    context = tf.distribute.get_replica_context()
    counts = context.all_gather(tf.shape(rows)[:1], axis=0)
    return tf.reduce_sum(tf.where(tf.range(tf.size(counts)) < context.replica_id_in_sync_group, counts, 0))
