"""BertPooler: one vector a row from its first position."""

from __future__ import annotations

from typing import Any

import keras

from tfbert.layers.dense import bert_dense


@keras.saving.register_keras_serializable(package="tfbert")
class BertPooler(keras.layers.Layer):
    """Dense and tanh over the hidden state of the first position, [CLS].

    Calling it takes hidden states [B, S, D] and returns [B, D].

    Args:
        hidden_size: int. Width D.
        initializer_range: float, default 0.02.

    Returns:
        A float tensor [B, D].

    Example:
        >>> import tensorflow as tf
        >>> BertPooler(hidden_size=8)(tf.ones([2, 5, 8])).shape
        TensorShape([2, 8])

    Source: Devlin et al., "BERT" (2018).
    """

    def __init__(self, hidden_size, initializer_range=0.02, **kwargs):
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.initializer_range = initializer_range
        self.dense = bert_dense(
            hidden_size, initializer_range, name="dense", activation="tanh", dtype=self.dtype_policy
        )

    def build(self, input_shape=None):
        self.dense.build((None, self.hidden_size))
        self.built = True

    def call(self, hidden_states):
        return self.dense(hidden_states[:, 0])

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.hidden_size)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "hidden_size": self.hidden_size,
            "initializer_range": self.initializer_range,
        }
