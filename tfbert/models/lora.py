"""Low-rank adapters in the layers of a model."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from numbers import Real

import keras

from tfbert.layers.low_rank_adapter import LowRankAdapter
from tfbert.layers.swap_layer import swap_layer
from tfbert.layers.transformer_layer import BertTransformerLayer
from tfbert.models.main_layer import BertMainLayer
from tfbert.option_checks import check_count

ATTENTION_PARTS = {"qkv": ("query", "key", "value"), "query": ("query",), "kv": ("key", "value")}
TARGETS = ("query", "key", "value", "attention_output", "intermediate", "output")


@dataclasses.dataclass(frozen=True)
class LoraOptions:
    """How a model is adapted.

    Args:
        rank: int, default 8.
        alpha: float or None, default None. The change is scaled by `alpha / rank`; None takes the rank.
        targets: Sequence of str, default ("query", "value"). Some of `TARGETS`.

    Raises:
        ValueError: If a value is out of range.
    """

    rank: int = 8
    alpha: float | None = None
    targets: Sequence[str] = ("query", "value")

    def __post_init__(self):
        check_count("rank", self.rank)
        is_number = isinstance(self.alpha, Real) and not isinstance(self.alpha, bool)
        if self.alpha is not None and not (is_number and 0 < self.alpha < math.inf):
            raise ValueError(f"`alpha` must be None or a finite number above 0. Received: {self.alpha!r}.")
        is_list = isinstance(self.targets, Sequence) and len(self.targets) > 0
        if not is_list or not all(target in TARGETS for target in self.targets):
            raise ValueError(f"`targets` must be a list of some of {TARGETS}. Received: {self.targets!r}.")
        object.__setattr__(self, "targets", tuple(self.targets))

    @property
    def scale(self) -> float:
        """The factor of the change."""
        return 1.0 if self.alpha is None else self.alpha / self.rank


def add_adapters(bert: BertMainLayer, options: LoraOptions) -> None:
    """Put adapters around the dense layers that the targets name.

    Args:
        bert: `BertMainLayer`.
        options: `LoraOptions`.
    """
    for layer in bert.encoder.layers:
        for owner, name, targets in _dense_layers(layer):
            adapted = [part for part, target in enumerate(targets) if target in options.targets]
            if adapted:
                adapter = LowRankAdapter(getattr(owner, name), options.rank, options.scale, len(targets), adapted)
                _build_in_place(adapter)
                swap_layer(owner, name, adapter)


def merge_adapters(bert: BertMainLayer) -> None:
    """Put the dense layers back, with what their adapters learned in their kernels.

    Args:
        bert: `BertMainLayer`.
    """
    for layer in bert.encoder.layers:
        for owner, name, _ in _dense_layers(layer):
            if isinstance(getattr(owner, name), LowRankAdapter):
                swap_layer(owner, name, getattr(owner, name).merged())


def _build_in_place(adapter: LowRankAdapter) -> None:
    """Build an adapter in the name scopes of its dense layer, so that its weights' paths tell the layer."""
    with ExitStack() as scopes:
        for name in adapter.dense.path.split("/")[:-1]:
            scopes.enter_context(keras.name_scope(name))
        adapter.build()


def _dense_layers(layer: BertTransformerLayer) -> Iterator[tuple[keras.layers.Layer, str, tuple[str, ...]]]:
    """Each dense layer as its owner, its attribute and the targets whose columns it holds side by side."""
    attentions = [layer.attention, layer.crossattention] if layer.add_cross_attention else [layer.attention]
    for attention in attentions:
        for name, targets in ATTENTION_PARTS.items():
            if hasattr(attention, name):
                yield attention, name, targets
        yield attention, "output_dense", ("attention_output",)
    yield layer, "intermediate", ("intermediate",)
    yield layer, "output_dense", ("output",)
