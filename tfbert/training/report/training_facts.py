"""TrainingFacts: what was recorded about a training."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfbert.training.report.data_facts import DataFacts


@dataclasses.dataclass(frozen=True)
class TrainingFacts:
    """What a report is made of; what is None or empty is left out of it.

    Args:
        task: str. Such as "text-classification".
        history: Mapping from a metric to its value in each epoch, as a Keras `History` has it.
        first_epoch: int, default 1. The number of the first epoch of the history, above 1 in a resumed training.
        base_model: str. What training began from: a name on the Hugging Face hub, or the name of a folder.
        license: str. As Hugging Face abbreviates it.
        language: str. As ISO 639 abbreviates it.
        data: Mapping from "training", "validation" or "test" to `DataFacts`.
        label_counts: Mapping from class to its training rows.
        labels: Sequence of str. The classes in their order.
        confusion: int [K, K]. Rows of each class (first axis) by what the model answered.
        confusion_of: str. The set that it was counted on.
        lengths: int [N]. Tokens of training inputs, before they are cut.
        max_length: int. The tokens that the model sees.
        results: Mapping from a metric to its value on the test rows.
        options: Mapping from a setting to its value.
        versions: Mapping from a library to its version.
        date: str. The day, as ISO 8601.
    """

    task: str
    history: Mapping[str, Sequence[float]] = dataclasses.field(default_factory=dict)
    first_epoch: int = 1
    base_model: str | None = None
    license: str | None = None
    language: str | None = None
    data: Mapping[str, DataFacts] = dataclasses.field(default_factory=dict)
    label_counts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    labels: Sequence[str] = ()
    confusion: np.ndarray | None = None
    confusion_of: str = "test"
    lengths: np.ndarray | None = None
    max_length: int | None = None
    results: Mapping[str, float] = dataclasses.field(default_factory=dict)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    date: str | None = None
