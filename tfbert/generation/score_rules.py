"""What the options do to the scores of the next token, before one is chosen."""

from __future__ import annotations

import tensorflow as tf

from tfbert.generation.options import GenerationOptions

NEVER = float("-inf")


def apply_rules(
    scores: tf.Tensor, sequences: tf.Tensor, length: tf.Tensor, new_tokens: tf.Tensor, options: GenerationOptions
) -> tf.Tensor:
    """Return the scores of the next token after all rules, in Hugging Face's order.

    Args:
        scores: Tensor float32 [R, V].
        sequences: Tensor int32 [R, M].
        length: Tensor int32 scalar. The columns of `sequences` that are written.
        new_tokens: Tensor int32 scalar. How many of these are new.
        options: GenerationOptions.

    Returns:
        Tensor float32 [R, V]; minus infinity for tokens that must not be chosen.

    Source: `GenerationMixin._get_logits_processor` of Hugging Face transformers.
    """
    if options.repetition_penalty != 1:
        scores = penalize_repetition(scores, sequences, length, options.repetition_penalty)
    if options.min_new_tokens and options.eos_token_ids:
        too_early = options.ends(tf.range(tf.shape(scores)[1])) & (new_tokens < options.min_new_tokens)
        scores = tf.where(too_early, NEVER, scores)
    if not options.do_sample:
        return scores
    scores = scores / options.temperature
    if options.top_k:
        scores = keep_top_k(scores, options.top_k)
    return keep_top_p(scores, options.top_p) if options.top_p < 1 else scores


def penalize_repetition(scores: tf.Tensor, sequences: tf.Tensor, length: tf.Tensor, penalty: float) -> tf.Tensor:
    """Return scores [R, V] where tokens of the written columns are less likely by this factor.

    Source: CTRL, https://arxiv.org/abs/1909.05858.
    """
    rows, columns = tf.shape(sequences)[0], tf.shape(sequences)[1]
    # Unwritten columns repeat the first one, which is penalized anyway.
    tokens = tf.where(tf.range(columns) < length, sequences, sequences[:, :1])
    seen = tf.gather(scores, tokens, batch_dims=1)
    places = tf.stack([tf.repeat(tf.range(rows)[:, None], columns, axis=1), tokens], axis=-1)
    return tf.tensor_scatter_nd_update(scores, places, tf.where(seen < 0, seen * penalty, seen / penalty))


def keep_top_k(scores: tf.Tensor, count: int) -> tf.Tensor:
    """Return scores [R, V] without all that are below the `count` greatest."""
    greatest = tf.math.top_k(scores, tf.minimum(count, tf.shape(scores)[1])).values
    return tf.where(scores >= greatest[:, -1:], scores, NEVER)


def keep_top_p(scores: tf.Tensor, probability: float) -> tf.Tensor:
    """Return scores [R, V] without all that are below the greatest that together reach this probability.

    Source: nucleus sampling, https://arxiv.org/abs/1904.09751.
    """
    ascending = tf.sort(scores, axis=-1)
    kept = tf.cumsum(tf.nn.softmax(ascending), axis=-1) > 1 - probability
    least = tf.reduce_min(tf.where(kept, ascending, ascending[:, -1:]), axis=-1, keepdims=True)
    return tf.where(scores >= least, scores, NEVER)
