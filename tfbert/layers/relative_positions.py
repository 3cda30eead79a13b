"""Scores of relative positions: how far a key stands from a query, learned as one vector for each distance.

Letters: B batch, H heads, S queries, T keys, K width of a head, P positions.
"""

from __future__ import annotations

import tensorflow as tf

POSITION_EMBEDDING_TYPES = ("absolute", "relative_key", "relative_key_query")


def relative_scores(query: tf.Tensor, key: tf.Tensor, table: tf.Tensor, first_query, both_sides: bool) -> tf.Tensor:
    """Return what distances add to the products of queries and keys.

    Args:
        query: float [B, H, S, K].
        key: float [B, H, T, K].
        table: float [2·P - 1, K]. The vector of each distance from -(P - 1) to P - 1.
        first_query: int32 scalar. Position of the first query; keys begin at position 0.
        both_sides: bool. Whether keys are compared with the distance too, as in "relative_key_query".

    Returns:
        A float tensor [B, H, S, T].

    Source: Shaw et al., "Self-attention with relative position representations" (2018); Huang et al., "Improve
    transformer models with better relative position embeddings" (2020), methods 2 and 4.
    """
    positions = first_query + tf.range(tf.shape(query)[2])
    distances = positions[:, None] - tf.range(tf.shape(key)[2])[None]  # [S, T]
    last = table.shape[0] // 2
    # A fixed cache has columns beyond the last position; they are hidden, but the gather must stay inside the table.
    vectors = tf.gather(table, tf.maximum(distances, -last) + last)  # [S, T, K]
    scores = tf.einsum("bhsk,stk->bhst", query, vectors)
    return scores + tf.einsum("bhtk,stk->bhst", key, vectors) if both_sides else scores
