"""LogitsTrainer: how a model whose output is a mapping trains on one entry of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras


class LogitsTrainer(keras.Model):
    """A Keras model that trains on the entry `training_output` of its outputs, with its own loss where none is given.

    Sub-classes say which entry that is, and which loss `compile()` without one means.
    """

    training_output = "logits"

    def default_loss(self) -> keras.losses.Loss | None:
        """Return the loss that stands in where `compile` was given none."""
        return None

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if y is None and y_pred.get("loss") is not None:
            return y_pred["loss"]  # the labels came with the inputs
        trained = self._trained(y_pred)
        loss = self.default_loss()
        if self.loss is None and loss is not None:
            return loss(y, trained, sample_weight)
        return super().compute_loss(x, y, trained, sample_weight, training=training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if y is None and isinstance(x, Mapping):
            y = x.get("labels")
        return super().compute_metrics(x, y, self._trained(y_pred), sample_weight=sample_weight)

    def _trained(self, outputs: Any) -> Any:
        return outputs.get(self.training_output, outputs)
