"""Objective: one output of a model that is trained, and the label that it is compared with."""

from __future__ import annotations

from typing import NamedTuple


class Objective(NamedTuple):
    """One part of a model's loss.

    Args:
        label: str, default "labels". The name of the label among the inputs.
        output: str, default "logits". The name of the output.
        weight: float, default 1.0. The share in the loss.
    """

    label: str = "labels"
    output: str = "logits"
    weight: float = 1.0
