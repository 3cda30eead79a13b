"""Beam search: the sequences of the highest probability, several followed at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from tfbert.generation.score_rules import apply_rules
from tfbert.generation.search import Search

FAR = -1.0e9  # Added to a score, puts it behind all others; finite as in PyTorch, so that order among these remains.


class _BeamState(NamedTuple):
    """K running and up to K finished sequences for each of B prompts.

    `step` []; `tokens` [B · K] and `parents` [B · K], the row that each comes from; `sequences` [B, K, M] and `scores`
    [B, K] of those that run; `finished` [B, K, M], their `finished_scores` and `finished_lengths` [B, K], new tokens
    only, 0 for none; `improvable` bool [B], whether a better one may come; `exhausted` bool [], whether none can go on.
    """

    step: tf.Tensor
    tokens: tf.Tensor
    parents: tf.Tensor
    sequences: tf.Tensor
    scores: tf.Tensor
    finished: tf.Tensor
    finished_scores: tf.Tensor
    finished_lengths: tf.Tensor
    improvable: tf.Tensor
    exhausted: tf.Tensor


class BeamSearch(Search):
    """The best sequences among `options.num_beams` that are followed.

    Args:
        options, prompt_length, new_tokens: As of `Search`.

    Source: `GenerationMixin._beam_search` of Hugging Face transformers.
    """

    def start(self, prompts: tf.Tensor) -> _BeamState:
        """Return beams of which only the first counts: all copies of a prompt would go on alike."""
        beams = self.options.num_beams
        room = self.room(prompts)
        sequences = tf.reshape(room, [-1, beams, tf.shape(room)[1]])
        nothing = tf.zeros_like(sequences[:, :, 0], tf.float32)
        return _BeamState(
            step=tf.constant(0),
            tokens=prompts[:, -1],
            parents=tf.range(tf.shape(prompts)[0]),
            sequences=sequences,
            scores=nothing + tf.constant([0.0] + [FAR] * (beams - 1)),
            finished=sequences,
            finished_scores=nothing + FAR,
            finished_lengths=tf.zeros_like(nothing, tf.int32),
            improvable=tf.ones_like(nothing[:, 0], tf.bool),
            exhausted=tf.constant(False),
        )

    def advance(self, state: _BeamState, logits: tf.Tensor) -> _BeamState:
        """Return the best continuations of all beams together; those that ended compete with the finished ones."""
        beams, step = self.options.num_beams, state.step + 1
        scores, parents, tokens = self._candidates(state, logits)
        sequences = self.write(tf.gather(state.sequences, parents, batch_dims=1), state.step, tokens)
        ended = self.options.ends(tokens) | (step >= self.new_tokens)
        running_scores, chosen = tf.math.top_k(scores + tf.where(ended, FAR, 0.0), beams)
        first_rows = beams * tf.range(tf.shape(scores)[0])[:, None]
        state = state._replace(
            step=step,
            tokens=tf.reshape(tf.gather(tokens, chosen, batch_dims=1), [-1]),
            parents=tf.reshape(first_rows + tf.gather(parents, chosen, batch_dims=1), [-1]),
            sequences=tf.gather(sequences, chosen, batch_dims=1),
            scores=running_scores,
            exhausted=tf.reduce_all(ended),
            **self._finish(state, sequences[:, :beams], scores[:, :beams], ended[:, :beams]),
        )
        return state._replace(improvable=state.improvable & self._may_improve(state))

    def unfinished(self, state: _BeamState) -> tf.Tensor:
        """Return whether a prompt's result may become better, by the rule of `early_stopping`."""
        enough = tf.reduce_all(state.finished_lengths > 0) & (self.options.early_stopping is True)
        return tf.reduce_any(state.improvable) & ~enough & ~state.exhausted

    def follow(self, state: _BeamState, cache: Any) -> Any:
        """Return the cache of the rows that the beams come from."""
        return tf.nest.map_structure(lambda tensor: tf.gather(tensor, state.parents), cache)

    def result(self, state: _BeamState) -> tf.Tensor:
        """Return the best finished sequences of each prompt, best first, up to the longest."""
        count = self.options.num_return_sequences
        longest = tf.maximum(tf.reduce_max(state.finished_lengths[:, :count]), 0)  # no prompts have no maximum
        best = tf.reshape(state.finished[:, :count], [-1, tf.shape(state.finished)[2]])
        return best[:, : self.prompt_length + longest]

    def _candidates(self, state: _BeamState, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return scores, beams and tokens [B, C] of the best continuations, enough to go on if K of them end."""
        beams, vocabulary, columns = self.options.num_beams, tf.shape(logits)[1], tf.shape(state.sequences)[2]
        written = tf.reshape(state.sequences, [-1, columns])
        length = self.prompt_length + state.step
        scores = apply_rules(tf.nn.log_softmax(logits), written, length, state.step, self.options)
        scores = tf.reshape(scores, [-1, beams, vocabulary]) + state.scores[:, :, None]
        count = beams * max(2, 1 + len(self.options.eos_token_ids))
        best, places = tf.math.top_k(tf.reshape(scores, [-1, beams * vocabulary]), count)
        return best, places // vocabulary, places % vocabulary

    def _finish(self, state: _BeamState, sequences: tf.Tensor, scores: tf.Tensor, ended: tf.Tensor) -> dict[str, Any]:
        """Return the K best of the finished sequences and of the candidates [B, K, M] that just ended."""
        step = state.step + 1
        closed = ~state.improvable
        if self.options.early_stopping is True:
            closed |= tf.reduce_all(state.finished_lengths > 0, axis=1)
        scores = self._normalize(scores, step) + tf.where(closed, FAR, 0.0)[:, None] + tf.where(ended, 0.0, FAR)
        lengths = tf.where(ended, step, 0)
        best, chosen = tf.math.top_k(tf.concat([state.finished_scores, scores], axis=1), self.options.num_beams)
        return {
            "finished": tf.gather(tf.concat([state.finished, sequences], axis=1), chosen, batch_dims=1),
            "finished_scores": best,
            "finished_lengths": tf.gather(tf.concat([state.finished_lengths, lengths], axis=1), chosen, batch_dims=1),
        }

    def _may_improve(self, state: _BeamState) -> tf.Tensor:
        """Return, bool [B], whether the best running sequence may still beat the worst finished one."""
        longest = self.options.early_stopping == "never" and self.options.length_penalty > 0
        best = self._normalize(state.scores[:, 0], self.new_tokens if longest else state.step)
        full = tf.reduce_all(state.finished_lengths > 0, axis=1)
        return ~full | (best > tf.reduce_min(state.finished_scores, axis=1))

    def _normalize(self, scores: tf.Tensor, length: Any) -> tf.Tensor:
        return scores / tf.pow(tf.cast(length, tf.float32), self.options.length_penalty)
