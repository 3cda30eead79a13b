"""LearnedEntityF1: EntityF1 over labels that have no names yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfbert.tasks.labels.span_labels import OUTSIDE
from tfbert.training.metrics import EntityF1


@keras.saving.register_keras_serializable(package="tfbert")
class LearnedEntityF1(keras.metrics.Metric):
    """`EntityF1` of a task that is compiled before its first training, in which it learns the names of its labels.

    Args:
        labels: Function that returns the names of the labels, none as long as there are none; or the names.
        name: str, default "f1".
        dtype: str or None.

    Returns:
        float32 as of `EntityF1`; nan where labels have no names, or make no entities, since none is "O".

    Raises:
        ValueError: If it was saved before there were names.
    """

    def __init__(self, labels: Callable[[], Sequence[str]] | Sequence[str], name="f1", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        self._labels = labels
        self.score: Any = None

    def labels(self) -> list[str]:
        """Return the names that the labels have by now."""
        return list(self._labels() if callable(self._labels) else self._labels)

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels = self.labels()
        if not labels and not callable(self._labels):
            raise ValueError("Labels had no names when this was saved: compile(metrics=task.default_metrics()) again.")
        if self.score is None and OUTSIDE in labels:
            self.score = EntityF1(labels, name=self.name, dtype=self.dtype)
        if self.score is not None:
            self.score.update_state(y_true, y_pred, sample_weight)

    def result(self):
        return tf.constant(float("nan")) if self.score is None else self.score.result()

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, "labels": self.labels()}
