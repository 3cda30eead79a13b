"""SequenceClassifier: what tasks with one class head share: its labels, and training on them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.models.bert_for_sequence_classification import TFBertForSequenceClassification
from tfbert.tasks.base.label_learner import LabelLearner
from tfbert.tasks.base.text_pairs import tokenize_pairs
from tfbert.tasks.labels.class_labels import (
    as_label_array,
    check_has_end,
    class_names,
    encode_in_graph,
    encode_labels,
    is_regression,
)
from tfbert.training.losses.label_losses import problem_type_of
from tfbert.training.metrics import Accuracy, F1Score, PearsonCorrelation, SpearmanCorrelation

LABEL_FIELDS = {"num_labels", "id2label", "label2id"}


class SequenceClassifier(LabelLearner):
    """A task on a `TFBertForSequenceClassification`: one class, several labels or a number for each text or pair.

    Labels for `fit` are class numbers or names; several labels a text are rows of 0 and 1, or lists of names. A
    sub-class says what becomes of the logits (`decode`), and may refuse names (`check_names`).

    Args:
        model: `TFBertForSequenceClassification`.
        tokenizer: `FastBertTokenizer`.
        **kwargs: As `LabelLearner`.
    """

    model_class = TFBertForSequenceClassification

    @classmethod
    def from_pretrained(cls, folder, *, max_length=None, **overrides):
        """Load a checkpoint folder; see `LabelLearner.from_pretrained`. A regression has one number by default."""
        folder = cls._fetched(folder, overrides)
        becomes_regression = overrides.get("problem_type") == "regression" and not LABEL_FIELDS & set(overrides)
        if becomes_regression and BertConfig.from_pretrained(folder).problem_type is None:
            overrides["num_labels"] = 1
        return super().from_pretrained(folder, max_length=max_length, **overrides)

    def tokenize(self, columns):
        return tokenize_pairs(self.tokenizer, **columns)

    def ids_of(self, columns):
        return tokenize_pairs(self.tokenizer, **columns, return_attention_mask=True, return_token_type_ids=True)

    def forward(self, features, training):
        return {"logits": self.model(features, training=training).logits}  # [B, K]

    # === Labels ===

    def check_names(self, names: list[str]) -> None:
        """Refuse names of classes that the task cannot answer with."""

    def learn_labels(self, x, y):
        """Name and number the classes by the labels of the first training, if nobody has yet."""
        if is_regression(self.config):
            self._become_regression()
        elif self.learns_labels:
            labels = _text_labels(x) if isinstance(x, tf.data.Dataset) else y
            names = None if labels is None else class_names(as_label_array(labels))
            self.check_names(list(self.config.label2id) if names is None else names)
            if names is not None:
                several = self.config.problem_type == "multi_label_classification"
                self.name_labels(names, least=1 if several else 2)
            self.learns_labels = False

    def _become_regression(self) -> None:
        """Say so in the config, as PyTorch does in the first training of a single number."""
        if self.config.problem_type is None:
            self.model.take_config(self.config.replace(problem_type="regression"))
            self.forget_graphs()

    def prepare_labels(self, labels: Any) -> np.ndarray:
        return encode_labels(as_label_array(labels), self.config)

    def prepare_dataset_labels(self, dataset):
        return dataset.map(lambda text, label, *rest: (text, encode_in_graph(label, self.config), *rest))

    def class_numbers(self):
        one_each = problem_type_of(self.config) == "single_label_classification"
        return self.config.label2id if one_each else {}

    def default_metrics(self):
        config = self.config
        classes = None if self.learns_labels else config.num_labels
        if is_regression(config):
            correlations = [PearsonCorrelation(), SpearmanCorrelation()] if config.num_labels == 1 else []
            return ["mean_absolute_error", *correlations]
        if config.problem_type == "multi_label_classification":
            accuracy = keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)
            return [accuracy, F1Score("micro", multi_label=True, num_classes=classes)]
        return [Accuracy(), F1Score(num_classes=classes)]


def _text_labels(dataset: tf.data.Dataset) -> np.ndarray | None:
    """Return all labels of a user's dataset where they are strings."""
    spec = dataset.element_spec
    if not isinstance(spec[1], tf.TensorSpec) or spec[1].dtype != tf.string:
        return None
    check_has_end(dataset)
    labels = dataset.map(lambda text, label, *rest: label)
    return np.concatenate([np.ravel(batch) for batch in labels.as_numpy_iterator()])
