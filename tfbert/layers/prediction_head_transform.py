"""BertPredictionHeadTransform: the layer between the last hidden state and the vocabulary."""

from __future__ import annotations

from typing import Any

import keras

from tfbert.layers.activations import activation_config, resolve_activation
from tfbert.layers.dense import bert_dense
from tfbert.layers.layer_norm import BertLayerNorm


@keras.saving.register_keras_serializable(package="tfbert")
class BertPredictionHeadTransform(keras.layers.Layer):
    """Dense, activation and normalisation in front of the vocabulary.

    Args:
        hidden_size: int. Width D.
        hidden_act: str or function, default "gelu".
        layer_norm_eps: float, default 1e-12.
        initializer_range: float, default 0.02.

    Returns:
        A float tensor of the input's shape [..., D].

    Source: `BertPredictionHeadTransform` of Hugging Face transformers.
    """

    def __init__(self, hidden_size, hidden_act="gelu", layer_norm_eps=1e-12, initializer_range=0.02, **kwargs):
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.hidden_act = hidden_act
        self.layer_norm_eps = layer_norm_eps
        self.initializer_range = initializer_range
        self.dense = bert_dense(hidden_size, initializer_range, name="dense", dtype=self.dtype_policy)
        self.activation = resolve_activation(hidden_act)
        self.norm = BertLayerNorm(epsilon=layer_norm_eps, dtype=self.dtype_policy, name="norm")

    def build(self, input_shape=None):
        self.dense.build((None, self.hidden_size))
        self.norm.build((None, self.hidden_size))
        self.built = True

    def call(self, hidden_states):
        return self.norm(self.activation(self.dense(hidden_states)))

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {
            **super().get_config(),
            "hidden_size": self.hidden_size,
            "hidden_act": activation_config(self.hidden_act),
            "layer_norm_eps": self.layer_norm_eps,
            "initializer_range": self.initializer_range,
        }
