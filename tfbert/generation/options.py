"""How a text goes on: how far, by which search, and where it ends."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.option_checks import check_flag, is_integer

DEFAULT_NEW_TOKENS = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    """How a text goes on; the same names and defaults as Hugging Face's `GenerationConfig`.

    Args:
        max_new_tokens: int or None. The most tokens that are added; 20 where `max_length` is not given either.
        max_length: int or None. The longest sequence, prompt included; instead of `max_new_tokens`.
        min_new_tokens: int, default 0. No end-of-text token is chosen before this many.
        do_sample: bool, default False. Draw tokens at random rather than take the likeliest.
        temperature: float above 0, default 1. Divides the scores that are sampled from.
        top_k: int or None, default 50. Sample from this many likeliest tokens (and their ties); 0 or None from all.
        top_p: float in [0, 1], default 1. Sample from the likeliest tokens (and their ties) that together have this
            probability.
        num_beams: int, default 1. Sequences that beam search follows; 1 is no beam search.
        length_penalty: float, default 1. Power of the number of new tokens by which a beam's score is divided.
        early_stopping: bool or "never", default False. When beam search has enough: True as soon as `num_beams`
            sequences have ended, False when a better one is unlikely, "never" when there can be none.
        num_return_sequences: int, default 1. Sequences returned for each prompt, of samples or of beams.
        repetition_penalty: float above 0, default 1. Above 1, tokens that occurred, prompt included, are less likely.
        eos_token_id: int, sequence of int or None. The tokens that end a text.
        pad_token_id: int or None. Fills sequences that end early; None takes the first of `eos_token_id`.

    Raises:
        ValueError: If a value is out of its range, or two contradict each other.

    Example:
        >>> GenerationOptions(max_new_tokens=5, num_beams=4, eos_token_id=102).eos_token_ids
        (102,)

    Source: `GenerationConfig` of Hugging Face transformers.
    """

    max_new_tokens: int | None = None
    max_length: int | None = None
    min_new_tokens: int = 0
    do_sample: bool = False
    temperature: float = 1.0
    top_k: int | None = 50
    top_p: float = 1.0
    num_beams: int = 1
    length_penalty: float = 1.0
    early_stopping: bool | str = False
    num_return_sequences: int = 1
    repetition_penalty: float = 1.0
    eos_token_id: int | Sequence[int] | None = None
    pad_token_id: int | None = None

    def __post_init__(self):
        for name, least in (("max_new_tokens", 1), ("max_length", 1), ("top_k", 0), ("pad_token_id", 0)):
            if getattr(self, name) is not None:
                self._check_integer(name, least, "or None")
        for name, least in (("min_new_tokens", 0), ("num_beams", 1), ("num_return_sequences", 1)):
            self._check_integer(name, least)
        check_flag("do_sample", self.do_sample)
        for name in ("temperature", "repetition_penalty"):
            self._check_number(name, "a finite number above 0", lambda value: 0 < value < float("inf"))
        self._check_number("top_p", "a number from 0 to 1", lambda value: 0 <= value <= 1)
        self._check_number("length_penalty", "a finite number", lambda value: abs(value) < float("inf"))
        if not isinstance(self.early_stopping, bool) and self.early_stopping != "never":
            raise ValueError(f"`early_stopping` must be True, False or 'never'. Received: {self.early_stopping!r}.")
        if isinstance(self.eos_token_id, Sequence | np.ndarray) and not isinstance(self.eos_token_id, str):
            object.__setattr__(self, "eos_token_id", tuple(self.eos_token_id))
        if any(not is_integer(token) or token < 0 for token in self.eos_token_ids):
            raise ValueError(
                f"`eos_token_id` must be a token id or a sequence of them, none negative. Received: "
                f"{self.eos_token_id!r}."
            )
        self._check_lengths()
        self._check_search()

    def _check_integer(self, name: str, least: int, otherwise: str = "") -> None:
        value = getattr(self, name)
        if not is_integer(value) or value < least:
            raise ValueError(
                f"`{name}` must be {f'an integer of at least {least} {otherwise}'.strip()}. Received: {value!r}."
            )

    def _check_number(self, name: str, expected: str, fits: Any) -> None:
        value = getattr(self, name)
        if not isinstance(value, Real) or isinstance(value, bool) or not fits(value):
            raise ValueError(f"`{name}` must be {expected}. Received: {value!r}.")

    def _check_lengths(self) -> None:
        if self.max_new_tokens is not None and self.max_length is not None:
            raise ValueError(
                f"`max_new_tokens` and `max_length` both say how far to go: give one. Received: "
                f"max_new_tokens={self.max_new_tokens}, max_length={self.max_length}."
            )
        if self.max_length is None and self.min_new_tokens > (self.max_new_tokens or DEFAULT_NEW_TOKENS):
            raise ValueError(
                f"`min_new_tokens` must not exceed `max_new_tokens`, {self.max_new_tokens or DEFAULT_NEW_TOKENS}. "
                f"Received: {self.min_new_tokens}."
            )

    def _check_search(self) -> None:
        if self.do_sample and self.num_beams > 1:
            raise ValueError(
                "`do_sample=True` does not go with beam search. Write num_beams=1 to sample, or do_sample=False to "
                f"search. Received: num_beams={self.num_beams}."
            )
        if not self.do_sample and self.num_return_sequences > self.num_beams:
            raise ValueError(
                "`num_return_sequences` must not exceed `num_beams` unless do_sample=True. Received: "
                f"num_return_sequences={self.num_return_sequences}, num_beams={self.num_beams}."
            )
        if not self.do_sample:
            self._refuse("do_sample=True", "temperature", "top_k", "top_p")
        if self.num_beams == 1:
            self._refuse("num_beams above 1", "length_penalty", "early_stopping")

    def _refuse(self, condition: str, *names: str) -> None:
        """Refuse options without effect: whoever gives one expects another text than they would get."""
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        for name in names:
            if getattr(self, name) != defaults[name]:
                raise ValueError(
                    f"`{name}` acts only with {condition}: add that, or leave `{name}` out. "
                    f"Received: {getattr(self, name)!r}."
                )

    @property
    def eos_token_ids(self) -> tuple[int, ...]:
        """The tokens that end a text, none of them or several."""
        if self.eos_token_id is None:
            return ()
        return self.eos_token_id if isinstance(self.eos_token_id, tuple) else (self.eos_token_id,)

    @property
    def filler(self) -> int:
        """The token behind a sequence that has ended; any where none can end."""
        return self.pad_token_id if self.pad_token_id is not None else (*self.eos_token_ids, 0)[0]

    @property
    def copies(self) -> int:
        """How many sequences go on from each prompt."""
        return self.num_return_sequences if self.do_sample else self.num_beams

    def ends(self, tokens: tf.Tensor) -> tf.Tensor:
        """Return which of int32 tokens, of any shape, end a text."""
        endings = tf.constant(self.eos_token_ids, tf.int32)
        return tf.reduce_any(tokens[..., None] == endings, axis=-1)
