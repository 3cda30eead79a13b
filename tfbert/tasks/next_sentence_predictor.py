"""NextSentencePredictor: whether a second text follows the first."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.models.bert_for_next_sentence_prediction import TFBertForNextSentencePrediction
from tfbert.tasks.base.columns import TEXT, Column
from tfbert.tasks.base.task import Task
from tfbert.tasks.base.text_pairs import tokenize_pairs
from tfbert.tasks.labels.class_labels import as_label_array, encode_in_graph, encode_labels
from tfbert.training.losses.label_losses import IGNORED_LABEL
from tfbert.training.metrics import Accuracy

NAMES = ("IS_NEXT", "NOT_NEXT")
CLASSES = BertConfig(id2label=dict(enumerate(NAMES)))  # checkpoints do not name them


@keras.saving.register_keras_serializable(package="tfbert")
class NextSentencePredictor(Task):
    """Pairs of texts in; out comes whether the second follows the first.

    Called on `text` and `text_pair`, string [B], it returns `label` string [B], "IS_NEXT" or "NOT_NEXT", and `score`
    float32 [B], its probability.

    Labels for `fit` are those names, or 0 where the second text follows and 1 where it does not.

    Args:
        model: `TFBertForNextSentencePrediction`.
        tokenizer: `FastBertTokenizer`.
        **kwargs: `has_new_head`, and `name` of the Keras model.

    Example:
        >>> predictor = NextSentencePredictor.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        >>> predictor.predict({"text": ["It rained."], "text_pair": ["We got wet."]})["label"]  # doctest: +SKIP
        array(['IS_NEXT'], dtype=object)

    Source: Devlin et al., "BERT" (2018), section 3.1.
    """

    model_class = TFBertForNextSentencePrediction
    task_name = "next-sentence-prediction"
    columns = (TEXT, Column("text_pair"))

    def tokenize(self, columns):
        return tokenize_pairs(self.tokenizer, **columns)

    def ids_of(self, columns):
        return tokenize_pairs(self.tokenizer, **columns, return_attention_mask=True, return_token_type_ids=True)

    def forward(self, features, training):
        return {"logits": self.model(features, training=training).logits}  # [B, 2]

    decodes_ids = True
    example_method = "classify"

    def decode(self, outputs, features, columns):
        probabilities = tf.nn.softmax(outputs["logits"])
        labels = tf.gather(tf.constant(NAMES), tf.argmax(probabilities, axis=1))
        return {"label": labels, "score": tf.reduce_max(probabilities, axis=1)}

    def prepare_labels(self, labels: Any) -> np.ndarray:
        given = as_label_array(labels)
        for row, label in enumerate(given.tolist()):
            if label not in (*NAMES, 0, 1, IGNORED_LABEL):
                raise ValueError(
                    "`y` must hold 'IS_NEXT' or 0 where the second text follows, 'NOT_NEXT' or 1 where it does not. "
                    f"Received: {label!r} at row {row}."
                )
        return encode_labels(given, CLASSES)

    def prepare_dataset_labels(self, dataset):
        return dataset.map(lambda texts, label, *rest: (texts, encode_in_graph(label, CLASSES), *rest))

    def class_numbers(self):
        return CLASSES.label2id

    def default_metrics(self):
        return [Accuracy()]

    def export_metadata(self):
        return {**super().export_metadata(), "labels": list(NAMES)}
