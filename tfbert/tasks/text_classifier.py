"""TextClassifier: text to classes, to several labels, or to a number."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.models.bert_for_sequence_classification import TFBertForSequenceClassification
from tfbert.tasks.labels import as_label_array, class_names, encode_in_graph, encode_labels, is_regression
from tfbert.tasks.option_checks import check_choice, check_count
from tfbert.tasks.task import Task
from tfbert.training.accuracy import Accuracy
from tfbert.training.losses import problem_type_of

FUNCTIONS = (None, "softmax", "sigmoid", "none")


@keras.saving.register_keras_serializable(package="tfbert")
class TextClassifier(Task):
    """Text in, label and score out; pairs of texts alike.

    Called on text [B] it returns `label` string [B] and `score` float32 [B], `labels` and `scores` [B, K] best first,
    and `logits` float32 [B, K]; a regression returns `score` alone, float32 [B].

    Labels for `fit` are class numbers or names; several labels a text are rows of 0 and 1, or lists of names. A model
    whose classes nobody has named yet learns the names: `id2label` becomes the sorted distinct labels.

    Args:
        model: `TFBertForSequenceClassification`.
        tokenizer: `FastBertTokenizer`.
        top_k: int or None, default None. How many labels `labels` and `scores` hold; None is all.
        function_to_apply: str or None, default None. What makes scores of logits: "softmax", "sigmoid" or "none"; None
            is none for a regression, sigmoid for several labels a text and for a model with a single label, else
            softmax.
        learns_labels: bool, default False. Whether `fit` may rename and renumber the classes; `from_pretrained` sets
            it where the head is new and has no names.
        num_labels: int or None. The number of classes to hold `fit` to where it learns them.
        **kwargs: `name` of the Keras model.

    Example:
        >>> classifier = TextClassifier.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        >>> classifier.fit(["I love it", "I hate it"], ["good", "bad"], epochs=10)  # doctest: +SKIP
        >>> classifier.predict(["Lovely"])["label"]  # doctest: +SKIP
        array(['good'], dtype=object)

    Source: the text-classification pipeline of Hugging Face transformers.
    """

    model_class = TFBertForSequenceClassification
    task_name = "text-classification"

    option_names = ("top_k", "function_to_apply")

    def __init__(
        self, model, tokenizer, top_k=None, function_to_apply=None, learns_labels=False, num_labels=None, **kwargs
    ):
        super().__init__(model, tokenizer, **kwargs)
        check_count("top_k", top_k, optional=True)
        check_choice("function_to_apply", function_to_apply, FUNCTIONS)
        self.top_k = top_k
        self.function_to_apply = function_to_apply
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
            A `TextClassifier`.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the checkpoint is no BERT, or `max_length` exceeds its position embeddings.
        """
        folder = cls._fetched(folder, overrides)
        if overrides.get("problem_type") == "regression" and BertConfig.from_pretrained(folder).problem_type is None:
            overrides.setdefault("num_labels", 1)
        classifier = super().from_pretrained(folder, max_length=max_length, **overrides)
        if classifier.has_new_head and classifier.config.has_default_labels:
            classifier.learns_labels = True
            classifier.num_labels = overrides.get("num_labels")
        return classifier

    def forward(self, features, training):
        return {"logits": self.model(features, training=training).logits}  # [B, K]

    def decode(self, outputs, features, columns):
        logits, config = outputs["logits"], self.config
        scores = self._scores(logits)
        if is_regression(config):
            return {"score": scores[:, 0] if config.num_labels == 1 else scores}
        count = min(self.top_k or config.num_labels, config.num_labels)
        scores, order = tf.math.top_k(scores, k=count)  # [B, K], best first
        names = tf.constant([config.id2label[index] for index in range(config.num_labels)])
        labels = tf.gather(names, order)
        return {"label": labels[:, 0], "score": scores[:, 0], "labels": labels, "scores": scores, "logits": logits}

    def _scores(self, logits):
        """Logits as the function makes them, by default what the kind of model asks for."""
        function = self.function_to_apply
        if function is None:
            problem_type = self.config.problem_type
            several = problem_type == "multi_label_classification" or self.config.num_labels == 1
            function = "none" if problem_type == "regression" else "sigmoid" if several else "softmax"
        return {"softmax": tf.nn.softmax, "sigmoid": tf.sigmoid, "none": tf.identity}[function](logits)

    def learn_labels(self, x, y):
        """Name and number the classes by the labels of the first training, if nobody has yet."""
        if not self.learns_labels or is_regression(self.config):
            return
        if isinstance(x, tf.data.Dataset):
            y = _text_labels(x)
        names = None if y is None else class_names(as_label_array(y))
        if names is not None:
            self._name_classes(names)
        self.learns_labels = False

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
