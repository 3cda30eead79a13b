"""SequenceClassifier: what tasks with one class head share: its labels, and training on them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.models.bert_for_sequence_classification import TFBertForSequenceClassification
from tfbert.tasks.labels import as_label_array, class_names, encode_in_graph, encode_labels, is_regression
from tfbert.tasks.task import Task
from tfbert.tasks.text_pairs import tokenize_pairs
from tfbert.training.accuracy import Accuracy
from tfbert.training.losses import problem_type_of

LABEL_FIELDS = {"num_labels", "id2label", "label2id"}


class SequenceClassifier(Task):
    """A task on a `TFBertForSequenceClassification`: one class, several labels or a number for each text or pair.

    Labels for `fit` are class numbers or names; several labels a text are rows of 0 and 1, or lists of names. A model
    whose classes nobody has named yet learns the names: `id2label` becomes the sorted distinct labels. A sub-class
    says what becomes of the logits (`decode`), and may refuse names (`check_names`).

    Args:
        model: `TFBertForSequenceClassification`.
        tokenizer: `FastBertTokenizer`.
        learns_labels: bool, default False. Whether `fit` may rename and renumber the classes; `from_pretrained` sets
            it where the head is new and has no names.
        num_labels: int or None. The number of classes to hold `fit` to where it learns them.
        **kwargs: `has_new_head`, and `name` of the Keras model.
    """

    model_class = TFBertForSequenceClassification

    def __init__(self, model, tokenizer, learns_labels=False, num_labels=None, **kwargs):
        super().__init__(model, tokenizer, **kwargs)
        self.learns_labels = learns_labels
        self.num_labels = num_labels

    @classmethod
    def from_pretrained(cls, folder, *, max_length=None, **overrides):
        """Load a checkpoint folder; one without a classification head gets a new one, to be trained.

        Args:
            folder: Path of the folder, or the model's name on the Hugging Face hub.
            max_length: int. Longest input in tokens; by default what the checkpoint's tokenizer says.
            **overrides: Options of the class; fields of the config, such as `num_labels=3`,
                `id2label={0: "no", 1: "yes"}` or `problem_type="regression"`; options of
                `TFBertForSequenceClassification.from_pretrained`; or arguments of `FastBertTokenizer`.

        Returns:
            The task.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the checkpoint is no BERT, or `max_length` exceeds its position embeddings.
        """
        folder = cls._fetched(folder, overrides)
        becomes_regression = overrides.get("problem_type") == "regression" and not LABEL_FIELDS & set(overrides)
        if becomes_regression and BertConfig.from_pretrained(folder).problem_type is None:
            overrides["num_labels"] = 1
        classifier = super().from_pretrained(folder, max_length=max_length, **overrides)
        if classifier.has_new_head and classifier.config.has_default_labels:
            classifier.learns_labels = True
            classifier.num_labels = overrides.get("num_labels")
        return classifier

    def with_options(self, **changes):
        """Return this task with other options, on the same weights; see `Task.with_options`."""
        twin = super().with_options(**changes)
        twin.learns_labels, twin.num_labels = self.learns_labels, self.num_labels
        return twin

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
                self._name_classes(names)
            self.learns_labels = False

    def _become_regression(self) -> None:
        """Say so in the config, as PyTorch does in the first training of a single number."""
        if self.config.problem_type is None:
            self.model.take_config(self.config.replace(problem_type="regression"))
            self.forget_graphs()

    def _name_classes(self, names: list[str]) -> None:
        several = self.config.problem_type == "multi_label_classification"
        if len(names) < (1 if several else 2):
            raise ValueError(f"`y` must hold at least two different labels. Received: {names} only.")
        if self.num_labels is not None and self.num_labels != len(names):
            raise ValueError(
                f"`y` holds {len(names)} different labels, but the model was made with num_labels={self.num_labels}. "
                "Leave num_labels out, or name all classes: from_pretrained(..., id2label={0: …, 1: …})."
            )
        self.model.replace_head(id2label=dict(enumerate(names)))
        self.forget_compiled_functions()

    def prepare_labels(self, labels: Any) -> np.ndarray:
        return encode_labels(as_label_array(labels), self.config)

    def prepare_dataset_labels(self, dataset):
        return dataset.map(lambda text, label, *rest: (text, encode_in_graph(label, self.config), *rest))

    def class_numbers(self):
        one_each = problem_type_of(self.config) == "single_label_classification"
        return self.config.label2id if one_each else {}

    def default_metrics(self):
        if is_regression(self.config):
            return ["mean_absolute_error"]
        if self.config.problem_type == "multi_label_classification":
            return [keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)]
        return [Accuracy()]

    # === To files ===

    def export_metadata(self):
        return {**super().export_metadata(), "labels": [self.config.id2label[i] for i in range(self.config.num_labels)]}

    def get_config(self):
        return {**super().get_config(), "learns_labels": self.learns_labels, "num_labels": self.num_labels}


def _text_labels(dataset: tf.data.Dataset) -> np.ndarray | None:
    """Return all labels of a user's dataset where they are strings."""
    spec = dataset.element_spec
    if not isinstance(spec[1], tf.TensorSpec) or spec[1].dtype != tf.string:
        return None
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "An endless dataset cannot be searched for its labels. Name them: "
            "from_pretrained(..., id2label={0: …, 1: …})."
        )
    labels = dataset.map(lambda text, label, *rest: label)
    return np.concatenate([np.ravel(batch) for batch in labels.as_numpy_iterator()])
