"""CompiledModel: what `compile` says of a model whose outputs have names."""

from __future__ import annotations

from typing import Any, ClassVar

import keras

from tfbert.training.losses.loss_of_logits import loss_of_logits
from tfbert.training.objective import Objective
from tfbert.training.optimizers.same_optimizer import same_optimizer


class CompiledModel(keras.Model):
    """A Keras model that keeps loss and optimizer in keeping with its outputs and variables."""

    objectives: ClassVar[tuple[Objective, ...]] = (Objective(),)
    train_function: Any
    test_function: Any

    def compile(self, optimizer="rmsprop", loss=None, *args, **kwargs):
        """Say how to train, as `keras.Model.compile`; cross-entropies by name read logits where outputs are logits.

        Raises:
            ValueError: If outputs are logits, and `loss` reads probabilities.
        """
        if all(objective.output.endswith("logits") for objective in self.objectives):
            loss = loss_of_logits(loss)
        super().compile(optimizer, loss, *args, **kwargs)

    def compile_from_config(self, config):
        """Compile as a saved model was; Keras leaves models with a `compile` of their own uncompiled."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.trainable_variables:
            self.optimizer.build(self.trainable_variables)

    def forget_graphs(self) -> None:
        """Drop what Keras has traced."""
        self.train_function = self.test_function = self.predict_function = None

    def forget_compiled_functions(self) -> None:
        """Drop what Keras has traced and built for variables that were replaced; an optimizer keeps its step only."""
        self.forget_graphs()
        optimizer: Any = getattr(self, "optimizer", None)
        if optimizer is not None and optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer = same_optimizer(optimizer, self.variables)

    def _check_scope(self) -> None:
        """Refuse an optimizer that does not know of the other devices, and would not add up their gradients."""
        optimizer: Any = getattr(self, "optimizer", None)
        known = getattr(getattr(optimizer, "inner_optimizer", optimizer), "_distribution_strategy", None)
        if self._distribute_strategy is not None and known not in (None, self._distribute_strategy):
            raise ValueError(
                "The optimizer was made outside the strategy's scope. Write both `from_pretrained` and `compile` under "
                "`with strategy.scope():`."
            )

    def _build_optimizer(self) -> None:
        """Make the optimizer's variables before the first step: one that makes them while traced is traced twice."""
        optimizer: Any = getattr(self, "optimizer", None)
        if optimizer is None or optimizer.built or not all(layer.built for layer in self._flatten_layers()):
            return
        with self.distribute_strategy.scope(), keras.name_scope(optimizer.name, caller=optimizer):
            optimizer.build(self.trainable_weights)
