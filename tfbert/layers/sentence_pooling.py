"""SentencePooling: one vector a text from the hidden states of its tokens."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

POOLINGS = ("mean", "cls", "max")


@keras.saving.register_keras_serializable(package="tfbert")
class SentencePooling(keras.layers.Layer):
    """Pools hidden states over real tokens.

    Calling it takes hidden states [B, S, D] and `attention_mask` int [B, S]; it returns float32 [B, D].

    Args:
        pooling: str, default "mean". "mean" of the real tokens, the first token "cls", or the "max" of each dimension.
        normalize: bool, default True. Scale each vector to Euclidean length 1.

    Returns:
        A float32 tensor [B, D].

    Raises:
        ValueError: If `pooling` is none of these.

    Example:
        >>> layer = SentencePooling("mean", normalize=False)
        >>> layer(tf.constant([[[1.0], [3.0], [9.0]]]), attention_mask=tf.constant([[1, 1, 0]])).numpy().tolist()
        [[2.0]]

    Source: the Pooling and Normalize modules of sentence-transformers.
    """

    def __init__(self, pooling="mean", normalize=True, **kwargs):
        super().__init__(autocast=False, **kwargs)  # sums over tokens want float32
        if pooling not in POOLINGS:
            raise ValueError(f"`pooling` must be one of {POOLINGS}. Received: {pooling!r}.")
        self.pooling = pooling
        self.normalize = normalize

    def call(self, hidden_states, attention_mask):
        hidden_states = tf.cast(hidden_states, tf.float32)  # [B, S, D]
        is_token = tf.expand_dims(attention_mask > 0, -1)  # [B, S, 1]
        if self.pooling == "cls":
            pooled = hidden_states[:, 0]
        elif self.pooling == "max":
            pooled = tf.reduce_max(tf.where(is_token, hidden_states, -1e9), axis=1)
        else:
            weights = tf.cast(is_token, tf.float32)
            pooled = tf.reduce_sum(hidden_states * weights, axis=1) / tf.maximum(tf.reduce_sum(weights, axis=1), 1e-9)
        # Epsilon as in PyTorch's normalize: a length below 1e-12 counts as 1e-12.
        return tf.nn.l2_normalize(pooled, axis=-1, epsilon=1e-24) if self.normalize else pooled

    def compute_output_shape(self, input_shape, attention_mask_shape=None):
        return (input_shape[0], input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "pooling": self.pooling, "normalize": self.normalize}
