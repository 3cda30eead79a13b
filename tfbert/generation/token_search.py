"""Greedy search and sampling: every row chooses its own next token."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from tfbert.generation.options import GenerationOptions
from tfbert.generation.score_rules import apply_rules
from tfbert.generation.search import Search


class _TokenState(NamedTuple):
    """Rows that go on by themselves: `step` [], `tokens` [R], `sequences` [R, M], `ended` bool [R]."""

    step: tf.Tensor
    tokens: tf.Tensor
    sequences: tf.Tensor
    ended: tf.Tensor


class TokenSearch(Search):
    """The likeliest token, or one drawn at random where `options.do_sample`.

    Args:
        options, prompt_length, new_tokens: As of `Search`.
        seed: int, integer scalar tensor or None. Of the random numbers; None draws one.

    Source: `GenerationMixin._sample` of Hugging Face transformers.
    """

    def __init__(self, options: GenerationOptions, prompt_length: Any, new_tokens: Any, seed: Any = None):
        super().__init__(options, prompt_length, new_tokens)
        if options.do_sample:
            drawn = tf.random.uniform([], maxval=tf.int64.max, dtype=tf.int64) if seed is None else seed
            self.seed = tf.cast(drawn, tf.int64)

    def start(self, prompts: tf.Tensor) -> _TokenState:
        """Return rows of which none has ended."""
        return _TokenState(tf.constant(0), prompts[:, -1], self.room(prompts), tf.zeros_like(prompts[:, 0], tf.bool))

    def advance(self, state: _TokenState, logits: tf.Tensor) -> _TokenState:
        """Return the rows with one token more, a filler where they had ended."""
        length = self.prompt_length + state.step
        scores = apply_rules(logits, state.sequences, length, state.step, self.options)
        if self.options.do_sample:
            scores += self._noise(scores, state.step)
        tokens = tf.where(state.ended, self.options.filler, tf.argmax(scores, axis=-1, output_type=tf.int32))
        sequences = self.write(state.sequences, state.step, tokens)
        return _TokenState(state.step + 1, tokens, sequences, state.ended | self.options.ends(tokens))

    def unfinished(self, state: _TokenState) -> tf.Tensor:
        """Return whether a row has not ended and there is room."""
        return (state.step < self.new_tokens) & ~tf.reduce_all(state.ended)

    def follow(self, state: _TokenState, cache: Any) -> Any:
        """Return the cache as it is: rows stay where they are."""
        return cache

    def result(self, state: _TokenState) -> tf.Tensor:
        """Return the rows up to the longest."""
        return state.sequences[:, : self.prompt_length + state.step]

    def _noise(self, scores: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Return Gumbel noise [R, V]: the greatest sum of log probability and noise is a fair draw."""
        seed = tf.stack([self.seed, tf.cast(step, tf.int64)])
        # Bits of a named algorithm, because XLA's automatic choice and its fractions are others than TensorFlow's.
        bits = tf.random.stateless_uniform(tf.shape(scores), seed, None, None, tf.uint32, alg="philox")
        # 23 of them and a half give a fraction between 0 and 1, but neither.
        uniform = (tf.cast(tf.bitwise.right_shift(bits, 9), tf.float32) + 0.5) * 2.0**-23
        return -tf.math.log(-tf.math.log(uniform))
