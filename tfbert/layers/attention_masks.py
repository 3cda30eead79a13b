"""Attention masks as the layers take them: biases added to the scores, and masks of heads.

Letters: B batch, S queries, T keys, L layers, H heads.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

LOWEST = float(tf.bfloat16.min)  # the lowest number that bfloat16 and float32 both have


def self_attention_bias(attention_mask: Any, length: Any, first_query: Any, causal: bool) -> tf.Tensor:
    """Return the bias of self-attention: 0 where a query may look, the lowest float where not.

    A query that may look nowhere attends to all keys alike, as in PyTorch.

    Args:
        attention_mask: int [B, T], or [B, S, T] which says all by itself, or None.
        length: int or int32 scalar. S.
        first_query: int or int32 scalar. Position of the first query; keys begin at position 0.
        causal: bool. Whether a query sees no later key.

    Returns:
        A float32 tensor that broadcasts to [B, H, S, T].
    """
    if attention_mask is not None and len(attention_mask.shape) == 3:
        return _bias(attention_mask[:, None])
    if not causal:
        return tf.zeros([1, 1, 1, 1]) if attention_mask is None else _bias(_as_keys(attention_mask))
    keys = first_query + length if attention_mask is None else tf.shape(attention_mask)[1]
    queries = first_query + tf.range(length)
    allowed = tf.cast(tf.range(keys)[None] <= queries[:, None], tf.int32)[None, None]  # [1, 1, S, T]
    return _bias(allowed if attention_mask is None else allowed * _as_keys(attention_mask))


def cross_attention_bias(encoder_attention_mask: Any) -> tf.Tensor:
    """Return the bias of attention to an encoder.

    Args:
        encoder_attention_mask: int [B, T] or [B, S, T], or None where every encoder position is real.

    Returns:
        A float32 tensor that broadcasts to [B, H, S, T].
    """
    if encoder_attention_mask is None:
        return tf.zeros([1, 1, 1, 1])
    is_flat = len(encoder_attention_mask.shape) == 2
    return _bias(_as_keys(encoder_attention_mask) if is_flat else encoder_attention_mask[:, None])


def layer_head_masks(head_mask: Any, num_layers: int, num_heads: int) -> Any:
    """Return a mask of heads for each layer, 1 where a head is kept.

    Args:
        head_mask: float [H], [L, H], or [L, B or 1, H, S or 1, T or 1]; or None.
        num_layers: int. L.
        num_heads: int. H.

    Returns:
        A tensor whose entry for each layer broadcasts to [B, H, S, T]; or None.

    Raises:
        ValueError: If the shape belongs to other numbers of layers and heads.
    """
    if head_mask is None:
        return None
    if len(head_mask.shape) > 2:
        if head_mask.shape[0] != num_layers or head_mask.shape[2] not in (1, num_heads):
            raise ValueError(
                f"`head_mask` must have the shape ({num_layers}, batch, {num_heads}, length, length). "
                f"Received: {tuple(head_mask.shape)}."
            )
        return head_mask
    shape, expected = tuple(head_mask.shape), (num_layers, num_heads)[2 - len(head_mask.shape) :]
    if shape != expected:
        raise ValueError(f"`head_mask` must have the shape {expected}. Received: {shape}.")
    rows = head_mask if len(head_mask.shape) == 2 else tf.repeat(head_mask[None], num_layers, axis=0)
    return rows[:, None, :, None, None]


def _as_keys(mask):
    """[B, T] to [B, 1, 1, T]."""
    # A reshape tells graph optimizers the rank: oneDNN adds a bias of this one in its product.
    shape = tf.shape(mask)
    return tf.reshape(mask, [shape[0], 1, 1, shape[1]])


def _bias(allowed):
    return tf.where(allowed > 0, 0.0, LOWEST)
