"""same_optimizer: an optimizer for variables that were exchanged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras


def same_optimizer(optimizer: keras.optimizers.Optimizer, variables: Iterable[Any]) -> keras.optimizers.Optimizer:
    """Return an optimizer of the same kind, options and step, without state for variables.

    Args:
        optimizer: A built Keras optimizer.
        variables: Those of the model as it is now: the ones among them that were spared from weight decay still are.

    Returns:
        A Keras optimizer that is not built.
    """
    again = type(optimizer).from_config(optimizer.get_config())
    before, after = _inner(optimizer), _inner(again)
    after._iterations.assign(before._iterations)  # counts batches; `iterations` fewer where gradients are accumulated
    # Of what is spared from decay Keras' configs say nothing.
    spared = getattr(before, "_exclude_from_weight_decay", ())
    pattern = getattr(before, "_exclude_from_weight_decay_pattern", None)
    after.exclude_from_weight_decay(
        [variable for variable in variables if before._var_key(variable) in spared],
        [pattern.pattern] if pattern else None,
    )
    return again


def _inner(optimizer: Any) -> Any:
    """The optimizer that float16 wraps for loss scaling."""
    return getattr(optimizer, "inner_optimizer", optimizer)
