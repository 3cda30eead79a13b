"""FeatureExtractor: text to hidden states."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.models.bert_model import TFBertModel
from tfbert.tasks.base.attention_mask import attention_mask_of
from tfbert.tasks.base.task import Task
from tfbert.training.objective import Objective


@keras.saving.register_keras_serializable(package="tfbert")
class FeatureExtractor(Task):
    """Text in, the hidden states of its tokens out; pairs of texts alike.

    Called on text [B] it returns `last_hidden_state` float32 [B, S, D], zero at padding, and `attention_mask` int32
    [B, S], so that a row is the same whatever else is in its batch. Hidden states have no loss of their own: `fit`
    needs `compile(optimizer, loss=…)`, and targets [B, S, D] for a tokenizer that pads to "max_length".

    Args:
        model: `TFBertModel`.
        tokenizer: `FastBertTokenizer`.
        **kwargs: `name` of the Keras model.

    Example:
        >>> extractor = FeatureExtractor.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        >>> extractor.predict(["hello world"])["last_hidden_state"].shape  # doctest: +SKIP
        (1, 4, 768)

    Source: the feature-extraction pipeline of Hugging Face transformers.
    """

    model_class = TFBertModel
    task_name = "feature-extraction"
    objectives = (Objective(output="last_hidden_state"),)

    @classmethod
    def from_pretrained(cls, folder, *, max_length=None, **overrides):
        """Load a checkpoint folder; heads are left out.

        Args:
            folder: Path of the folder, or the model's name on the Hugging Face hub.
            max_length: int. Longest input in tokens; by default what the checkpoint's tokenizer says.
            **overrides: Fields of the config, options of `TFBertModel.from_pretrained`, or arguments of
                `FastBertTokenizer`.

        Returns:
            A `FeatureExtractor`.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If the checkpoint is no BERT, or `max_length` exceeds its position embeddings.
        """
        return super().from_pretrained(folder, max_length=max_length, **{"add_pooling_layer": False, **overrides})

    def forward(self, features, training):
        hidden_states = self.model(features, training=training).last_hidden_state  # [B, S, D]
        mask = attention_mask_of(features)
        is_token = tf.expand_dims(mask > 0, -1)
        return {
            "last_hidden_state": tf.where(is_token, tf.cast(hidden_states, tf.float32), 0.0),
            "attention_mask": tf.cast(mask, tf.int32),
        }

    decodes_ids = True

    def decode(self, outputs, features, columns):
        return outputs

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if self.loss is None:
            raise ValueError(
                "Hidden states have no loss of their own. Before `fit` or `evaluate` write "
                "compile(optimizer, loss='mse'), or another loss."
            )
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def check_labels(self, objective, labels, logits):
        if labels.shape.rank != 3 or not labels.shape.is_compatible_with(logits.shape):
            raise ValueError(
                f"Targets must have the shape of the hidden states, {list(logits.shape)}. "
                f"Received: {list(labels.shape)}. Pad to one length: "
                "FeatureExtractor.from_pretrained(folder, padding='max_length')."
            )

    def prepare_labels(self, labels: Any) -> np.ndarray:
        targets = np.asarray(labels, dtype=np.float32)
        width = self.config.hidden_size
        if targets.ndim != 3 or targets.shape[2] != width:
            raise ValueError(
                f"`y` must hold targets for hidden states, [B, S, {width}]. Received: {list(targets.shape)}."
            )
        return targets

    def export_metadata(self):
        return {**super().export_metadata(), "embedding_size": self.config.hidden_size}
