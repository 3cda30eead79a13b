"""TrainingMeter: how fast a training goes, and whether it still goes."""

from __future__ import annotations

import math
import time
from typing import Any

import keras
import tensorflow as tf


class TrainingMeter(keras.callbacks.Callback):
    """Counts texts and tokens a second, and stops a training whose loss is no number any more.

    The rates stand in the logs as "texts/s" and "tokens/s", from the second batch of an epoch on: the first is spent on
    tracing. The model's `train_step` calls `count`. Where the model has `training_epochs`, they learn of each epoch.

    Raises:
        FloatingPointError: In `fit`, if the loss becomes infinite or no number.
    """

    def __init__(self):
        super().__init__()
        self._seen: Any = None  # a variable of texts and tokens
        self._start: tuple[float, Any] | None = None  # when the second batch began, and what was seen before it
        self._rates: dict[str, float] = {}
        self._epoch = 0

    def set_model(self, model):
        super().set_model(model)
        if self._seen is None:
            with model.distribute_strategy.scope():
                self._seen = tf.Variable(
                    [0, 0],
                    dtype=tf.int64,
                    trainable=False,
                    synchronization=tf.VariableSynchronization.ON_READ,
                    aggregation=tf.VariableAggregation.SUM,
                )

    def count(self, features: Any) -> None:
        """Count a batch of tokenized texts, or of several a row by name: its rows, and the tokens in their masks."""
        each = [features] if "input_ids" in features else [ids for ids in features.values() if isinstance(ids, dict)]
        tokens = tf.add_n([tf.reduce_sum(tf.cast(ids["attention_mask"], tf.int64)) for ids in each])
        self._seen.assign_add(tf.stack([tf.shape(each[0]["input_ids"], tf.int64)[0], tokens]))

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._start, self._rates = epoch, None, {}
        epochs = getattr(self.model, "training_epochs", None)
        if epochs is not None:
            epochs.number = epoch

    def on_train_batch_end(self, batch, logs=None):
        if not logs:  # a resumed training passes over the batches that it knows
            return
        if not math.isfinite(logs.get("loss", 0.0)):
            raise FloatingPointError(
                f"The loss became {logs['loss']} in batch {batch} of epoch {self._epoch}. Train with a lower learning "
                "rate, clip gradients (global_clipnorm=1.0), and in float16 compile with loss scaling."
            )
        seen, now = self._seen.numpy(), time.perf_counter()
        if self._start is None:
            self._start = now, seen
        else:
            texts, tokens = (seen - self._start[1]) / (now - self._start[0])
            self._rates = {"texts/s": float(texts), "tokens/s": float(tokens)}
            logs.update(self._rates)

    def on_epoch_end(self, epoch, logs=None):
        logs.update(self._rates)
