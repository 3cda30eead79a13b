"""Which positions of a task's ids are tokens."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf


def attention_mask_of(features: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Return the attention mask of ids; without one all are tokens, as the models take them.

    Args:
        features: Mapping with `input_ids` int [B, S], and perhaps `attention_mask`.

    Returns:
        int [B, S], above 0 at tokens.

    Example:
        >>> attention_mask_of({"input_ids": tf.constant([[7, 8]])}).numpy().tolist()
        [[1, 1]]
    """
    mask = features.get("attention_mask")
    return tf.ones_like(features["input_ids"]) if mask is None else mask
