"""BertLMPredictionHead: hidden states to a score for every piece of the vocabulary."""

from __future__ import annotations

from typing import Any, Self

import keras
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.layers.activations import activation_config
from tfbert.layers.prediction_head_transform import BertPredictionHeadTransform


@keras.saving.register_keras_serializable(package="tfbert")
class BertLMPredictionHead(keras.layers.Layer):
    """Compares each transformed hidden state with the vector of every piece.

    Calling it takes `hidden_states` [..., D] and, where the head is tied, the table `word_embeddings` [V, D] of the
    embeddings; it returns float32 logits [..., V].

    Args:
        vocab_size: int. V.
        hidden_size: int. Width D.
        hidden_act: str or function, default "gelu".
        layer_norm_eps: float, default 1e-12.
        initializer_range: float, default 0.02.
        tied: bool, default True. Use the embeddings' table; False gives the head one of its own, `decoder`.

    Returns:
        A float32 tensor [..., V].

    Example:
        >>> head = BertLMPredictionHead(vocab_size=30, hidden_size=8)
        >>> head(tf.ones([2, 3, 8]), word_embeddings=tf.ones([30, 8])).shape
        TensorShape([2, 3, 30])

    Source: `BertLMPredictionHead` of Hugging Face transformers; Press & Wolf, "Using the output embedding to improve
    language models" (2017).
    """

    def __init__(
        self,
        vocab_size,
        hidden_size,
        hidden_act="gelu",
        layer_norm_eps=1e-12,
        initializer_range=0.02,
        tied=True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.hidden_act = hidden_act
        self.layer_norm_eps = layer_norm_eps
        self.initializer_range = initializer_range
        self.tied = tied
        self.decoder = None
        self.transform = BertPredictionHeadTransform(
            hidden_size, hidden_act, layer_norm_eps, initializer_range, dtype=self.dtype_policy, name="transform"
        )

    @classmethod
    def from_bert_config(cls, config: BertConfig, dtype: Any = None) -> Self:
        """Return a built head for a model's hidden states.

        Args:
            config: `BertConfig`.
            dtype: Keras dtype policy or None.

        Returns:
            A `BertLMPredictionHead`.
        """
        head = cls(
            config.vocab_size,
            config.hidden_size,
            config.hidden_act,
            config.layer_norm_eps,
            config.initializer_range,
            tied=config.tie_word_embeddings,
            dtype=dtype,
            name="predictions",
        )
        head.build()
        return head

    def build(self, input_shape=None):
        self.transform.build()
        if not self.tied:
            self.decoder = self.add_weight(
                name="decoder",
                shape=(self.vocab_size, self.hidden_size),
                initializer=keras.initializers.TruncatedNormal(stddev=self.initializer_range),
            )
        self.bias = self.add_weight(name="bias", shape=(self.vocab_size,), initializer="zeros", autocast=False)
        self.built = True

    def call(self, hidden_states, word_embeddings=None):
        table = tf.cast(tf.convert_to_tensor(word_embeddings if self.tied else self.decoder), self.compute_dtype)
        rows = tf.reshape(self.transform(hidden_states), [-1, self.hidden_size])
        products = tf.matmul(rows, table, transpose_b=True)  # [N, V]
        logits = tf.cast(products, tf.float32) + tf.cast(tf.convert_to_tensor(self.bias), tf.float32)
        leading = tf.shape(hidden_states)[:-1]
        dense = tf.reshape(logits, tf.concat([leading, [self.vocab_size]], axis=0))
        return tf.ensure_shape(dense, [*hidden_states.shape[:-1], self.vocab_size])

    def compute_output_shape(self, hidden_states_shape, word_embeddings_shape=None):
        return (*hidden_states_shape[:-1], self.vocab_size)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "hidden_act": activation_config(self.hidden_act),
            "layer_norm_eps": self.layer_norm_eps,
            "initializer_range": self.initializer_range,
            "tied": self.tied,
        }
