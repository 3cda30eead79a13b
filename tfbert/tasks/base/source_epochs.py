"""SourceEpochs: a `keras.utils.PyDataset` learns when its epochs begin and end."""

from __future__ import annotations

from typing import Any

import keras


class SourceEpochs(keras.callbacks.Callback):
    """Calls `on_epoch_begin` and `on_epoch_end` of those sources that are a `PyDataset`, as Keras does.

    Args:
        trained_on: What `fit` was given.
        tested_on: What `evaluate` was given, or `fit` for validation.
    """

    def __init__(self, trained_on: Any = None, tested_on: Any = None):
        super().__init__()
        self._trained_on = _heard(trained_on)
        self._tested_on = _heard(tested_on)

    def on_epoch_begin(self, epoch, logs=None):
        self._trained_on.on_epoch_begin()

    def on_epoch_end(self, epoch, logs=None):
        self._trained_on.on_epoch_end()

    def on_test_begin(self, logs=None):
        self._tested_on.on_epoch_begin()

    def on_test_end(self, logs=None):
        self._tested_on.on_epoch_end()


def _heard(source: Any) -> keras.utils.PyDataset:
    """A source, or one that nobody hears."""
    return source if isinstance(source, keras.utils.PyDataset) else keras.utils.PyDataset()
