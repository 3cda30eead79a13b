"""ChoiceSelector: the best of several continuations or answers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.models.bert_for_multiple_choice import TFBertForMultipleChoice
from tfbert.str_array import as_str_array
from tfbert.tasks.base.columns import TEXT, Column
from tfbert.tasks.base.task import Task
from tfbert.tasks.base.text_slots import check_rows, slot_probes, tokenize_slots
from tfbert.tasks.decoding.text_bytes import valid_utf8
from tfbert.tasks.labels.class_labels import as_label_array
from tfbert.training.losses.label_losses import IGNORED_LABEL
from tfbert.training.metrics import Accuracy


@keras.saving.register_keras_serializable(package="tfbert")
class ChoiceSelector(Task):
    """A text and any number of choices in, the best of them out.

    Called on `text` [B] and `choices` [B, C], where "" is no choice, it returns `choice` string [B], `index` int32 [B],
    its place, and `scores` float32 [B, C], which sum to 1 over the choices of a row and are 0 where there is none. A
    served row without any choice gets "", -1 and zeros.

    Labels for `fit` are the places of the right choices, or their texts.

    Args:
        model: `TFBertForMultipleChoice`.
        tokenizer: `FastBertTokenizer`.
        **kwargs: `has_new_head`, and `name` of the Keras model.

    Example:
        >>> selector = ChoiceSelector.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        >>> rows = {"text": ["Snow is"], "choices": [["white", "loud", "young"]]}
        >>> selector.predict(rows)["choice"]  # doctest: +SKIP
        array(['white'], dtype=object)

    Source: `BertForMultipleChoice` of Hugging Face transformers; Zellers et al., "SWAG" (2018).
    """

    model_class = TFBertForMultipleChoice
    task_name = "multiple-choice"
    columns = (TEXT, Column("choices", several=True))

    def read_inputs(self, inputs):
        columns = super().read_inputs(inputs)
        check_rows(columns, "choices")
        return columns

    def tokenize(self, columns):
        """Pair each text with each of its choices, [B, C, S]."""
        choices = self._slots(columns["choices"])
        features = tokenize_slots(self.tokenizer, columns["text"], choices)
        rows, slots = tf.unstack(tf.shape(choices))
        length = tf.shape(features["input_ids"])[1] if (static := features["input_ids"].shape[1]) is None else static
        return {name: tf.reshape(values, [rows, slots, length]) for name, values in features.items()}

    def ids_of(self, columns):
        return self.tokenize(columns)

    def forward(self, features, training):
        logits = self.model(features, training=training).logits  # [B, C]
        if "attention_mask" in features:
            is_choice = tf.reduce_any(features["attention_mask"] > 0, axis=2)
            logits = tf.where(is_choice, logits, logits.dtype.min)
        return {"logits": logits}

    def decode(self, outputs, features, columns):
        choices, logits = self._slots(columns["choices"]), outputs["logits"]
        rows, slots = tf.unstack(tf.shape(choices))
        is_choice = choices != ""
        best = tf.argmax(logits, axis=1, output_type=tf.int32)
        scores = tf.where(is_choice, tf.nn.softmax(logits), 0.0)
        return {
            "choice": self._repeated(tf.gather(tf.reshape(choices, [-1]), tf.range(rows) * slots + best)),
            "index": tf.where(tf.reduce_any(is_choice, axis=1), best, -1),
            "scores": scores[:, : tf.shape(columns["choices"])[1]],
        }

    # LiteRT joins no strings and checks none: there a row has a slot, and the answer repeats what it was given.

    def _slots(self, choices):
        """Choices [B, C] with C at least 1, which the model counts its rows by."""
        return choices if self.tokenizer.runs_in_litert else _with_a_slot(choices)

    def _repeated(self, texts):
        return texts if self.tokenizer.runs_in_litert else valid_utf8(texts)

    # === Labels ===

    def prepare_labels(self, labels: Any) -> np.ndarray:
        return as_label_array(labels)  # what they are the place or the text of, `_rows` sees

    def prepare_dataset_labels(self, dataset):
        places = tf.autograph.experimental.do_not_convert(right_places)
        return dataset.map(lambda columns, label, *rest: (columns, places(columns["choices"], label), *rest))

    def _rows(self, x, y, sample_weight, learn=False):
        columns, labels, weights = super()._rows(x, y, sample_weight, learn)
        return columns, right_places(columns["choices"], tf.constant(list(labels))), weights

    def default_metrics(self):
        return [Accuracy()]

    def probes(self, names):
        return slot_probes(super().probes(["text"]), "choices")


def right_places(choices: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Return the places of the right choices.

    Args:
        choices: string [B, C]; "" is none.
        labels: int [B], places from 0, or -100 for a row to pass over; or string [B], texts.

    Returns:
        int32 [B].

    Raises:
        ValueError: If labels are of another kind, or one is no choice of its row; the latter is an
            InvalidArgumentError where it shows only when the graph runs.
    """
    if labels.shape.rank != 1 or not (labels.dtype.is_integer or labels.dtype == tf.string):
        raise ValueError(
            "`y` must hold, for each row, the place of the right choice, from 0, or its text. "
            f"Received: {labels.dtype.name} of shape {labels.shape}."
        )
    if labels.dtype == tf.string:
        matches = choices == labels[:, None]  # [B, C]
        places = tf.argmax(matches, axis=1, output_type=tf.int32)
    else:
        places = tf.cast(labels, tf.int32)
        matches = tf.range(tf.shape(choices)[1])[None] == places[:, None]
    is_right = tf.reduce_any(matches & (choices != ""), axis=1) | (places == IGNORED_LABEL)
    message = "`y` must be one of the choices of its row: its place, from 0, or its text."
    if not tf.is_symbolic_tensor(is_right) and (wrong := np.flatnonzero(~is_right.numpy())).size:
        raise ValueError(f"{message} Received: {as_str_array(labels.numpy()).tolist()[wrong[0]]!r} at row {wrong[0]}.")
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(is_right), [message, labels])]):
        return tf.identity(places)


def _with_a_slot(choices: tf.Tensor) -> tf.Tensor:
    """Choices [B, C] with C at least 1, which the model counts its rows by."""
    rows, slots = tf.unstack(tf.shape(choices))
    return tf.concat([choices, tf.fill([rows, tf.cast(slots == 0, tf.int32)], "")], axis=1)
