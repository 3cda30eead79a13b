"""What every search has: where it writes, and the steps that the loop asks of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import tensorflow as tf

from tfbert.generation.options import GenerationOptions


class Search(ABC):
    """A way to choose the next tokens: the loop feeds logits to `advance` while `unfinished` says so.

    A state is a named tuple of tensors that has `step`, the number of new columns, and `tokens` int32 [R], the tokens
    that go into the model next, for R rows.

    Args:
        options: GenerationOptions.
        prompt_length: int or Tensor. P, the columns of the prompts.
        new_tokens: int or Tensor. The most columns that may follow.
    """

    def __init__(self, options: GenerationOptions, prompt_length: Any, new_tokens: Any):
        self.options = options
        self.prompt_length = prompt_length
        self.new_tokens = new_tokens

    @abstractmethod
    def start(self, prompts: tf.Tensor) -> Any:
        """Return the state before the first token, from prompts int32 [R, P], copies side by side."""

    @abstractmethod
    def advance(self, state: Any, logits: tf.Tensor) -> Any:
        """Return the state with one column more, from logits float32 [R, V]."""

    @abstractmethod
    def unfinished(self, state: Any) -> tf.Tensor:
        """Return whether another column is worth the model's time, a bool scalar."""

    @abstractmethod
    def follow(self, state: Any, cache: Any) -> Any:
        """Return the cache of the rows that the state goes on with."""

    @abstractmethod
    def result(self, state: Any) -> tf.Tensor:
        """Return the sequences int32 [B · num_return_sequences, P + new], prompts included."""

    def room(self, prompts: tf.Tensor) -> tf.Tensor:
        """Return prompts [R, P] with fillers behind them, up to the longest sequence."""
        return tf.pad(prompts, [[0, 0], [0, self.new_tokens]], constant_values=self.options.filler)

    def write(self, sequences: tf.Tensor, step: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
        """Return sequences [..., M] with tokens [...] in the column of this step."""
        here = tf.range(tf.shape(sequences)[-1]) == self.prompt_length + step
        return tf.where(here, tokens[..., None], sequences)
