"""Callbacks that set the learning rate, which a schedule sets too."""

from __future__ import annotations

from typing import Any

import keras

RATE_SETTERS = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)


def rate_setter(callbacks: Any) -> keras.callbacks.Callback | None:
    """Return the first of Keras' callbacks that sets the learning rate, or None.

    Args:
        callbacks: What `fit` takes: a callback, a list of them, a `CallbackList`, or None.
    """
    given = getattr(callbacks, "callbacks", callbacks)
    each = given if isinstance(given, list | tuple) else [given]
    return next((callback for callback in each if isinstance(callback, RATE_SETTERS)), None)


def check_rate_setters(optimizer: Any, callbacks: Any) -> None:
    """Refuse callbacks that set the learning rate beside a schedule, before the first step.

    Args:
        optimizer: A Keras optimizer, or None.
        callbacks: What `fit` takes.

    Raises:
        ValueError: If both are there.
    """
    setter = rate_setter(callbacks)
    schedule = getattr(getattr(optimizer, "inner_optimizer", optimizer), "_learning_rate", None)
    if setter is not None and isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        raise ValueError(
            f"{type(setter).__name__} sets the learning rate, which the optimizer's {type(schedule).__name__} sets in "
            "every step. Write compile(optimizer=BertAdamW(3e-5)), a number, or leave the callback out."
        )
