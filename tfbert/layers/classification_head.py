"""ClassificationHead: dropout and a dense layer, in full precision."""

from __future__ import annotations

from typing import Any, Self

import keras

from tfbert.config import BertConfig
from tfbert.layers.dense import bert_dense
from tfbert.layers.replayable_dropout import ReplayableDropout


@keras.saving.register_keras_serializable(package="tfbert")
class ClassificationHead(keras.layers.Layer):
    """Maps vectors [..., D] to logits [..., K]; computes in float32 whatever the encoder's precision.

    Args:
        num_labels: int. K.
        dropout: float, default 0.1.
        initializer_range: float, default 0.02.

    Returns:
        A float32 tensor [..., K].

    Example:
        >>> import tensorflow as tf
        >>> ClassificationHead(num_labels=3)(tf.ones([2, 8])).shape
        TensorShape([2, 3])

    Source: `BertForSequenceClassification` of Hugging Face transformers.
    """

    def __init__(self, num_labels, dropout=0.1, initializer_range=0.02, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.num_labels = num_labels
        self.dropout_rate = dropout
        self.initializer_range = initializer_range
        self.dropout = ReplayableDropout(dropout, dtype=self.dtype_policy, name="dropout")
        self.dense = bert_dense(num_labels, initializer_range, name="dense", dtype=self.dtype_policy)

    @classmethod
    def from_bert_config(cls, config: BertConfig, num_labels: int | None = None, name: str = "classifier") -> Self:
        """Return a built head for a model's vectors.

        Args:
            config: `BertConfig`.
            num_labels: int or None. None takes the config's.
            name: str, default "classifier".

        Returns:
            A `ClassificationHead`.
        """
        head = cls(num_labels or config.num_labels, config.head_dropout, config.initializer_range, name=name)
        head.build((None, config.hidden_size))
        return head

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.built = True

    def call(self, vectors, training=False):
        return self.dense(self.dropout(vectors, training=training))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.num_labels)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "num_labels": self.num_labels,
            "dropout": self.dropout_rate,
            "initializer_range": self.initializer_range,
        }
