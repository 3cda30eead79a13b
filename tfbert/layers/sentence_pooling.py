"""SentencePooling: one vector a text from the hidden states of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

POOLINGS = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")


def pooling_names(pooling: str | Sequence[str]) -> list[str]:
    """Return the single poolings of a joined one, in its order.

    Args:
        pooling: str, such as "mean" or "mean+max"; or a sequence of such names.

    Returns:
        A list of `POOLINGS`.

    Raises:
        ValueError: If there is none of that name, or a name twice.

    Example:
        >>> pooling_names("mean+cls")
        ['mean', 'cls']
    """
    names = pooling.split("+") if isinstance(pooling, str) else list(pooling)
    if not names or not set(names) <= set(POOLINGS) or len(set(names)) < len(names):
        raise ValueError(
            f"`pooling` must be one of {POOLINGS}, or several joined such as 'mean+max'. Received: {pooling!r}."
        )
    return names


def unit_length(vectors: tf.Tensor) -> tf.Tensor:
    """Return vectors [..., D] scaled to Euclidean length 1."""
    # Epsilon as in PyTorch's normalize: a length below 1e-12 counts as 1e-12.
    return tf.nn.l2_normalize(vectors, axis=-1, epsilon=1e-24)


@keras.saving.register_keras_serializable(package="tfbert")
class SentencePooling(keras.layers.Layer):
    """Pools hidden states over real tokens.

    Calling it takes hidden states [B, S, D], `attention_mask` int [B, S], and `prompt_length`, int, default 0: how many
    tokens at the beginning of every row do not count, except as "cls". It returns float32 [B, P·D] for P poolings.

    Args:
        pooling: str or sequence of str, default "mean". The first token "cls"; the "max" of each dimension; the "mean";
            the sum over the square root of the number of tokens, "mean_sqrt_len_tokens"; the mean with the places
            1, 2, 3, … as weights, "weightedmean"; or "lasttoken". Several, such as "mean+max", are joined in
            their order.
        normalize: bool, default True. Scale each vector to Euclidean length 1.

    Returns:
        A float32 tensor [B, P·D].

    Raises:
        ValueError: If `pooling` is none of these.

    Example:
        >>> layer = SentencePooling("mean", normalize=False)
        >>> layer(tf.constant([[[1.0], [3.0], [9.0]]]), attention_mask=tf.constant([[1, 1, 0]])).numpy().tolist()
        [[2.0]]

    Source: the Pooling and Normalize modules of sentence-transformers; Muennighoff, "SGPT" (2022), for weighted means.
    """

    def __init__(self, pooling="mean", normalize=True, **kwargs):
        super().__init__(autocast=False, **kwargs)  # sums over tokens want float32
        self.names = pooling_names(pooling)
        self.pooling = "+".join(self.names)
        self.normalize = normalize

    def call(self, hidden_states, attention_mask, prompt_length=0):
        hidden_states = tf.cast(hidden_states, tf.float32)  # [B, S, D]
        is_token = attention_mask > 0  # [B, S]
        places = tf.cumsum(tf.cast(is_token, tf.int32), axis=1)  # 1, 2, 3, … on whichever side the padding is
        counts = is_token & (places > prompt_length)
        chosen = {
            "cls": is_token & (places == 1),
            "lasttoken": counts & (places == tf.reduce_max(places, axis=1, keepdims=True)),
        }
        parts = [_pooled(name, hidden_states, chosen.get(name, counts), places) for name in self.names]
        pooled = tf.concat(parts, axis=1)
        return unit_length(pooled) if self.normalize else pooled

    def compute_output_shape(self, input_shape, attention_mask_shape=None):
        return (input_shape[0], len(self.names) * input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "pooling": self.pooling, "normalize": self.normalize}


def _pooled(name: str, hidden_states: tf.Tensor, chosen: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """One vector a row [B, D] from the chosen tokens, bool [B, S]."""
    if name == "max":
        return tf.reduce_max(tf.where(tf.expand_dims(chosen, -1), hidden_states, -1e9), axis=1)
    weights = tf.cast(chosen, tf.float32)
    if name == "weightedmean":
        weights *= tf.cast(places, tf.float32)
    total = tf.reduce_sum(hidden_states * tf.expand_dims(weights, -1), axis=1)
    size = tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), 1e-9)
    return total / tf.sqrt(size) if name == "mean_sqrt_len_tokens" else total / size
