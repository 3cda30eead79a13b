"""What the workers of a training have to have in common, compared before the first step."""

from __future__ import annotations

import json
import zlib
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.training.callbacks.training_state import state_of
from tfbert.training.distributed.cluster import copy_from_chief, from_workers


def check_agreement(model: Any, dataset: Any, epochs: int) -> None:
    """Refuse workers that would train something else than the chief.

    The order of texts and the variables of the model, random state among them, become the chief's.

    Args:
        model: A compiled and built `LogitsTrainer`.
        dataset: The `tf.data.Dataset` of global batches.
        epochs: int.

    Raises:
        ValueError: On every worker, if models, data, or the sizes of batches differ, or batches come in another form.
    """
    if not isinstance(dataset, tf.data.Dataset):
        raise ValueError(
            "Several hosts share the batches of a dataset: give a task text and labels, or a model a `tf.data.Dataset` "
            f"of batches that comes in the same order everywhere. Received: {type(dataset).__name__}."
        )
    strategy = model.distribute_strategy
    order = getattr(model, "training_epochs", None)
    if order is not None:
        order.seed = int(from_workers(strategy, [order.seed])[0, 0])
    facts = {
        "the model": [(variable.path, tuple(variable.shape), str(variable.dtype)) for variable in model.weights],
        "the optimizer": json.dumps(
            model.optimizer.get_config(), default=lambda part: type(part).__name__, sort_keys=True
        ),
        "the number of epochs": epochs,
        "the number of batches": int(dataset.cardinality()),
        "the form of batches": repr(dataset.element_spec),
        "the first batch": _first_batch(dataset),
    }
    told = from_workers(strategy, [_checksum(fact) for fact in facts.values()])
    for number, what in enumerate(facts):
        others = np.flatnonzero(told[:, number] != told[0, number])
        if len(others):
            raise ValueError(
                f"Worker {others[0]} does not agree with worker 0 on {what}. Start all of them with the same "
                "checkpoint, data and options; each takes its own rows of every batch."
            )
    copy_from_chief(strategy, state_of(model))


def _first_batch(dataset: tf.data.Dataset) -> list[bytes]:
    """The values of the first batch, where taking one leaves it there."""
    if dataset.cardinality() < 1:
        return []
    return [values.numpy().tobytes() for values in tf.nest.flatten(next(iter(dataset)))]


def _checksum(fact: Any) -> int:
    return zlib.crc32(repr(fact).encode())
