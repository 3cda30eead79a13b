"""LogitsTrainer: how a model whose output is a mapping trains on entries of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import keras
import tensorflow as tf

from tfbert.training.callbacks.rate_setters import check_rate_setters
from tfbert.training.compiled_model import CompiledModel
from tfbert.training.distributed.agreement import check_agreement
from tfbert.training.distributed.cluster import losing_workers, worker_count
from tfbert.training.distributed.replicas import mean_over_replicas, part_of_loss, replica_count
from tfbert.training.distributed.step import shared_by_rows, step_of_workers
from tfbert.training.losses.label_losses import counted_labels
from tfbert.training.objective import Objective

MEAN = "sum_over_batch_size"  # how Keras calls it


class LogitsTrainer(CompiledModel):
    """A Keras model that trains on the outputs which its `objectives` name, with its own loss where none is given.

    Labels come as `y`, or among the inputs by the names of the objectives. A model with two objectives takes as `y` a
    dict by those names, or a pair in their order. Sub-classes say which loss `compile()` without one means, and which
    labels are refused.
    """

    needs_every_label: ClassVar[bool] = True
    epoch_iterator: Any = None

    def loss_function(self, objective: Objective, labels: Any = None) -> keras.losses.Loss | None:
        """Return the loss of an objective that stands in where `compile` was given none."""
        return None

    def check_labels(self, objective: Objective, labels: Any, logits: Any) -> None:
        """Refuse labels that would broadcast into a wrong loss."""

    def fit(self, x=None, y=None, *args, **kwargs):
        """Train, as `keras.Model.fit`; labels may also be entries of `x`."""
        x, y = self._labels_apart(x, y)
        if kwargs.get("class_weight") is not None:
            self._check_class_weight(_labels_of_dataset(x) if isinstance(x, tf.data.Dataset) else y)
        self._check_scope()
        check_rate_setters(self.optimizer, kwargs.get("callbacks"))
        self._build_optimizer()
        with losing_workers(), self._reading():
            if worker_count(self.distribute_strategy) > 1:
                check_agreement(self, x, kwargs.get("epochs", 1))
                x, kwargs["validation_data"] = shared_by_rows(x), shared_by_rows(kwargs.get("validation_data"))
            return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Return loss and metrics, as `keras.Model.evaluate`; labels may also be entries of `x`."""
        x, y = self._labels_apart(x, y)
        with losing_workers(), self._reading():
            return super().evaluate(shared_by_rows(x), y, *args, **kwargs)

    def make_train_function(self, force=False):
        """Make the function of a training step, which on many hosts is not Keras' own."""
        if worker_count(self.distribute_strategy) == 1:
            super().make_train_function(force)
        elif force or self.train_function is None:
            self.train_function = step_of_workers(self, self.train_step)

    def make_test_function(self, force=False):
        """Make the function of a step of `evaluate`, which on many hosts is not Keras' own."""
        if worker_count(self.distribute_strategy) == 1:
            super().make_test_function(force)
        elif force or self.test_function is None:
            self.test_function = step_of_workers(self, self.test_step)

    def own_loss(self, labels: Mapping[str, Any], outputs: Mapping[str, Any], sample_weight: Any = None) -> Any:
        """Return the model's own loss.

        Args:
            labels: dict from label name to tensor.
            outputs: dict from output name to tensor.
            sample_weight: Tensor [B], or of the shape of the labels; a dict or a tuple of them by objective; or None.

        Returns:
            A float32 scalar: the sum of the objectives whose labels are there, each by its weight. On several devices
            it is that of the global batch, the same on all.

        Raises:
            ValueError: If labels are missing or of a wrong shape.
        """
        given = [objective for objective in self.objectives if labels.get(objective.label) is not None]
        if not given or (self.needs_every_label and len(given) < len(self.objectives)):
            names = " and ".join(f"`{objective.label}`" for objective in self.objectives)
            raise ValueError(f"There are no labels: give {names}, as `y` or among the inputs.")
        weights = self._by_label(sample_weight)
        total = 0.0
        for objective in given:
            expected, found = labels[objective.label], outputs[objective.output]
            self.check_labels(objective, expected, found)
            loss: Any = self.loss_function(objective, expected)
            of_objective = loss(expected, found, _per_row(weights.get(objective.label), expected))
            total += objective.weight * _over_replicas(of_objective, loss, expected, found)
        return total

    def train_step(self, data):
        # Where nobody knows how long the data are, Keras takes a step beyond their end, which fails; but what needs no
        # data, such as the decay of weights, would run nevertheless.
        with tf.control_dependencies([part for part in tf.nest.flatten(data) if part is not None]):
            return super().train_step(data)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        labels = self._labels(x, y)
        has_own = self.loss_function(self.objectives[0], labels.get(self.objectives[0].label)) is not None
        if self.loss is None and has_own:
            return part_of_loss(self.own_loss(labels, _by_name(y_pred), sample_weight))
        expected, found = self._pairs(labels, y_pred)
        if expected is None and self.loss is not None:
            raise ValueError("There are no labels: give `y`, or an entry 'labels' among the inputs.")
        loss = super().compute_loss(x, expected, found, sample_weight, training=training)
        if len(self.objectives) > 1 or getattr(self.loss, "reduction", MEAN) != MEAN:
            return loss
        return part_of_loss(_over_replicas(loss, self.loss, expected, found))

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, *self._pairs(self._labels(x, y), y_pred), sample_weight=sample_weight)

    def _get_metrics_result_or_logs(self, logs):
        """What an epoch reports: metrics of all devices, where the last step knew those of its own."""
        results = self.get_metrics_result()
        return {name: results.get(name, value) for name, value in logs.items()} if logs else results

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Build metrics before the first step where that runs on several devices, from the form of its data alone."""
        self.epoch_iterator = iterator or self.epoch_iterator
        if self._distribute_strategy is None:
            return
        spec = data_batch if iterator is None else iterator.data_adapter.get_tf_dataset().element_spec
        with self._distribute_strategy.scope():
            self._symbolic_build(data_batch=tf.nest.map_structure(_small, spec))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Let `epoch_iterator` be what Keras reads the data with, of the innermost `fit` or `evaluate` that runs."""
        outer = self.epoch_iterator
        try:
            yield
        finally:
            self.epoch_iterator = outer

    def _labels(self, x: Any, y: Any) -> dict[str, Any]:
        """Labels by the names of the objectives, from `y` in any of its forms or from among the inputs."""
        if y is None:
            y = {name: x[name] for name in self._label_names() if name in x} if isinstance(x, Mapping) else {}
        is_one = not isinstance(y, Mapping) and (len(self.objectives) == 1 or not isinstance(y, tuple | list))
        return {self.objectives[0].label: y} if is_one else self._by_label(y)

    def _by_label(self, values: Any) -> dict[str, Any]:
        """Labels or weights by the names of the objectives, from a dict, a tuple in their order, or one for all."""
        if isinstance(values, Mapping):
            labels = {objective.output: objective.label for objective in self.objectives}
            return {labels.get(str(name), str(name)): value for name, value in values.items()}
        if len(self.objectives) > 1 and isinstance(values, tuple | list):
            return dict(zip(self._label_names(), values))
        return dict.fromkeys(self._label_names(), values)

    def _check_class_weight(self, y: Any) -> None:
        """Refuse weights of classes where Keras would look for one class a row and there are many."""
        shape = getattr(y, "shape", None)
        if len(self.objectives) > 1 or (shape is not None and len(shape) > 1 and shape[1] != 1):
            raise ValueError(
                "`class_weight` needs one class for each row. Write `sample_weight` instead: one number for each row, "
                "or one for each label."
            )

    def _pairs(self, labels: Mapping[str, Any], outputs: Any) -> tuple[Any, Any]:
        """Labels and outputs as Keras' own losses and metrics take them: alone, or dicts by output."""
        outputs = _by_name(outputs)
        if len(self.objectives) == 1:
            only = self.objectives[0]
            expected, found = labels.get(only.label), outputs.get(only.output, outputs)
            if expected is not None and found is not outputs:
                self.check_labels(only, expected, found)
            return expected, found
        given = [objective for objective in self.objectives if objective.label in labels]
        expected = {objective.output: labels[objective.label] for objective in given}
        return expected or None, {objective.output: outputs[objective.output] for objective in given}

    def _labels_apart(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Labels among arrays become `y`, since Keras drops sample weights where there is none."""
        names = self._label_names()
        if y is not None or not isinstance(x, Mapping) or not set(names) & set(x):
            return x, y
        labels = {name: x[name] for name in names if name in x}
        features = {name: values for name, values in x.items() if name not in names}
        return features, labels if len(self.objectives) > 1 else labels[names[0]]

    def _label_names(self) -> list[str]:
        return [objective.label for objective in self.objectives]


def _over_replicas(loss: Any, function: Any, expected: Any, found: Any) -> Any:
    """A loss that Keras made of a replica's labels and outputs, as the mean over those of all."""
    if replica_count() == 1:
        return loss
    count = getattr(function, "counted", counted_labels)(expected, found)
    return mean_over_replicas(loss * replica_count(), count)  # Keras has divided it


def _small(spec: Any) -> tf.TensorSpec:
    """The form of a small batch that belongs to the spec of batches of any size."""
    return tf.TensorSpec([2 if size is None else size for size in spec.shape], spec.dtype)


def _per_row(weight: Any, labels: Any) -> Any:
    """Weights of rows, [B], as they weigh every label of their row in [B, S]."""
    if weight is None or len(weight.shape) != 1 or len(labels.shape) < 2:
        return weight
    return tf.expand_dims(weight, 1)


def _labels_of_dataset(dataset: tf.data.Dataset) -> Any:
    """The spec of a dataset's labels, or None where it has none apart."""
    spec = dataset.element_spec
    return spec[1] if isinstance(spec, tuple) and len(spec) > 1 else None


def _by_name(outputs: Any) -> Mapping[str, Any]:
    if not isinstance(outputs, Mapping):
        raise ValueError("Training needs outputs by name: leave `return_dict` True in the config.")
    return outputs
