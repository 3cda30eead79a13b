"""LogitsTrainer: how a model whose output is a mapping trains on one entry of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras


class LogitsTrainer(keras.Model):
    """A Keras model that trains on the entry `training_output` of its outputs, with its own loss where none is given.

    Labels come as `y`, or among the inputs as `labels`. Sub-classes say which entry is trained, which loss `compile()`
    without one means, and which labels are refused.
    """

    training_output = "logits"

    def default_loss(self, labels: Any = None) -> keras.losses.Loss | None:
        """Return the loss that stands in where `compile` was given none."""
        return None

    def check_labels(self, labels: Any, rows: int | None) -> None:
        """Refuse labels that would broadcast into a wrong loss."""

    def fit(self, x=None, y=None, *args, **kwargs):
        """Train, as `keras.Model.fit`; labels may also be an entry of `x`."""
        return super().fit(*_labels_apart(x, y), *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Return loss and metrics, as `keras.Model.evaluate`; labels may also be an entry of `x`."""
        return super().evaluate(*_labels_apart(x, y), *args, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        labels, trained = _labels(x, y), self._trained(y_pred)
        loss = self.default_loss(labels)
        if labels is None and (self.loss is not None or loss is not None):
            raise ValueError("There are no labels: give `y`, or an entry 'labels' among the inputs.")
        if labels is not None:
            self.check_labels(labels, trained.shape[0])
        if self.loss is None and loss is not None:
            return loss(labels, trained, sample_weight)
        return super().compute_loss(x, labels, trained, sample_weight, training=training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, _labels(x, y), self._trained(y_pred), sample_weight=sample_weight)

    def forget_compiled_functions(self) -> None:
        """Drop what Keras has traced and built for variables that were replaced."""
        self.train_function = self.test_function = self.predict_function = None
        optimizer: Any = getattr(self, "optimizer", None)
        if optimizer is not None and optimizer.built:
            self.optimizer = type(optimizer).from_config(optimizer.get_config())

    def _trained(self, outputs: Any) -> Any:
        if not isinstance(outputs, Mapping):
            raise ValueError("Training needs outputs by name: leave `return_dict` True in the config.")
        return outputs.get(self.training_output, outputs)


def _labels_apart(x: Any, y: Any) -> tuple[Any, Any]:
    """Labels among arrays become `y`, since Keras drops sample weights where there is none."""
    if y is None and isinstance(x, Mapping) and "labels" in x:
        return {name: values for name, values in x.items() if name != "labels"}, x["labels"]
    return x, y


def _labels(x: Any, y: Any) -> Any:
    return x.get("labels") if y is None and isinstance(x, Mapping) else y
