"""AdaptableModel: training of parts of a model, or of low-rank adapters in it."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Sequence
from typing import Any, Self

from tfbert.models.checkpointed_model import CheckpointedModel
from tfbert.models.freezing import Freezing, let_learn
from tfbert.models.lora import LoraOptions, add_adapters, merge_adapters
from tfbert.models.main_layer import BertMainLayer


class AdaptableModel(CheckpointedModel):
    """A model whose lower parts can be frozen, and which can learn by adapters alone; archives keep both."""

    bert: BertMainLayer
    freezing: Freezing = Freezing()
    lora: LoraOptions | None = None

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Tasks around this model, which have graphs and optimizers of their own.
        self.trained_within: weakref.WeakSet[Any] = weakref.WeakSet()

    def freeze(self, embeddings: bool = True, layers: int = 0) -> None:
        """Keep the weights of the embeddings and of the lowest layers as they are in training.

        Each call says it anew for all parts. A fit after it begins with a new optimizer state; dropout stays.

        Args:
            embeddings: bool, default True.
            layers: int, default 0. How many transformer layers, from the lowest up.

        Raises:
            ValueError: If there are fewer layers.

        Example:
            >>> model.freeze(layers=4)  # doctest: +SKIP
        """
        freezing = Freezing(embeddings, layers)
        freezing.check(len(self.bert.encoder.layers))
        self.freezing = freezing
        self._train_the_rest()

    def unfreeze(self) -> None:
        """Let every part learn again; of a model with adapters, every adapter."""
        self.freezing = Freezing()
        self._train_the_rest()

    def enable_lora(
        self, rank: int = 8, alpha: float | None = None, targets: Sequence[str] = ("query", "value")
    ) -> None:
        """Train low-rank adapters, pooler and head, and nothing else; adapters in frozen layers stay as they are.

        `save_pretrained` writes the weights with the adapters in them; `.keras` and weight files keep the adapters.

        Args:
            rank: int, default 8.
            alpha: float or None, default None. The change is scaled by `alpha / rank`; None takes the rank.
            targets: Sequence of str, default ("query", "value"). Of "query", "key", "value", "attention_output",
                "intermediate" and "output": the dense layers of each transformer layer that are adapted.

        Raises:
            ValueError: If there are adapters already, or an argument is out of range.

        Example:
            >>> model.enable_lora(rank=4)  # doctest: +SKIP
            >>> model.fit(ids, labels)  # doctest: +SKIP
            >>> model.merge_lora()  # doctest: +SKIP

        Source: Hu et al., "LoRA" (2021).
        """
        if self.lora is not None:
            raise ValueError("The model has adapters already. Call `model.merge_lora()` first.")
        self.lora = LoraOptions(rank, alpha, targets)
        with self.distribute_strategy.scope():
            add_adapters(self.bert, self.lora)
        self._train_the_rest()

    def merge_lora(self) -> None:
        """Fold the adapters into the weights: the same answers from an ordinary model.

        What `freeze` froze stays so, whether it was called before `enable_lora` or after; `unfreeze` ends it. The rest
        of the embeddings and layers learns again, even what was frozen by `layer.trainable = False`.

        Raises:
            ValueError: If there are no adapters.
        """
        if self.lora is None:
            raise ValueError("The model has no adapters to merge. Call `model.enable_lora()` before the training.")
        with self.distribute_strategy.scope():
            merge_adapters(self.bert)
        self.lora = None
        self._train_the_rest()

    def freeze_new_parts(self) -> None:
        """Freeze parts that were made anew as those before them were."""
        if self.freezing != Freezing() or self.lora is not None:
            self._train_the_rest()

    def _train_the_rest(self) -> None:
        let_learn(self.bert, self.freezing, adapters_only=self.lora is not None)
        self.forget_compiled_functions()

    def forget_graphs(self) -> None:
        """Drop what Keras has traced, for this model and the tasks around it."""
        super().forget_graphs()
        for task in self.trained_within:
            task.forget_graphs()

    def forget_compiled_functions(self) -> None:
        """Drop what Keras has traced and built for variables that were replaced, for the tasks around it too."""
        super().forget_compiled_functions()
        for task in self.trained_within:
            task.forget_compiled_functions()

    def get_config(self) -> dict[str, Any]:
        """Return what is frozen and adapted, where anything is."""
        config = {}
        if self.freezing != Freezing():
            config["freezing"] = dataclasses.asdict(self.freezing)
        if self.lora is not None:
            config["lora"] = {**dataclasses.asdict(self.lora), "targets": list(self.lora.targets)}
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Build a model from what `get_config` returned."""
        options = {name: value for name, value in config.items() if name not in ("freezing", "lora")}
        model = cls(**options)
        if "lora" in config:
            model.enable_lora(**config["lora"])
        if "freezing" in config:
            model.freeze(**config["freezing"])
        return model
