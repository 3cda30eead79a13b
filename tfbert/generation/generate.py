"""`generate`: prompts go on, token by token, in one loop inside the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfbert.generation.beam_search import BeamSearch
from tfbert.generation.options import DEFAULT_NEW_TOKENS, GenerationOptions
from tfbert.generation.search import Search
from tfbert.generation.token_search import TokenSearch

Step = Callable[[tf.Tensor, Any, tf.Tensor, Any], tuple[tf.Tensor, Any]]


def generate(
    make_step: Callable[[int], Step],
    make_cache: Callable[[Any, Any], Any],
    input_ids: Any,
    attention_mask: Any = None,
    *,
    options: GenerationOptions | None = None,
    seed: Any = None,
    max_positions: int | None = None,
) -> tf.Tensor:
    """Let prompts go on as the options say.

    Runs eagerly, in `tf.function` (compiled by XLA or not) and in SavedModels; the model sees every token once. Prompts
    are padded on the left. Compiled by XLA, sampling without a seed starts alike in every process.

    Args:
        make_step: function of int, how many rows there are for each prompt, to a *step*: a function of `input_ids`
            int32 [R, T], the new tokens; `first_position` int32 scalar, the column of the first of them;
            `attention_mask` int32 [R, M], 0 where the prompt is padded; and the cache; to the logits float32 [R, V] of
            the last token and the new cache.
        make_cache: function of the number of rows and of the number of columns M to an empty cache: a nest of tensors,
            the row first in each.
        input_ids: int [B, P]. The prompts.
        attention_mask: int [B, P] or None. 0 where a prompt is padded; None where none is.
        options: GenerationOptions or None, which is the defaults.
        seed: int, integer scalar tensor or None. Of sampling; the same seed gives the same text. None draws one anew.
        max_positions: int or None. The positions that the model has.

    Returns:
        Tensor int32 [B · num_return_sequences, P + N]: prompts and new tokens, padded to the longest of them.

    Raises:
        ValueError: If the arguments contradict each other, or the prompts leave no room.
        tf.errors.InvalidArgumentError: The same, for lengths that only the running graph knows.

    Example:
        >>> from tfbert.generation import GenerationOptions, generate
        >>> def count_on(input_ids, first_position, attention_mask, cache):
        ...     return tf.one_hot(input_ids[:, -1] + 1, 10), cache
        >>> options = GenerationOptions(eos_token_id=6)
        >>> ids = generate(lambda copies: count_on, lambda rows, length: (), [[1, 2], [3, 4]], options=options)
        >>> ids.numpy().tolist()
        [[1, 2, 3, 4, 5, 6], [3, 4, 5, 6, 6, 6]]
    """
    options = options or GenerationOptions()
    if seed is not None and not options.do_sample:
        raise ValueError(f"`seed` acts only with do_sample=True: add that, or leave `seed` out. Received: {seed!r}.")
    prompts, mask = _prompts(input_ids, attention_mask)
    length = tf.shape(prompts)[1] if prompts.shape[1] is None else prompts.shape[1]
    new_tokens = _new_tokens(options, length, max_positions)
    search = _search(options, length, new_tokens, seed)

    mask = tf.pad(mask, [[0, 0], [0, new_tokens]], constant_values=1)
    cache = make_cache(tf.shape(prompts)[0], length + new_tokens)
    logits, cache = make_step(1)(prompts, tf.constant(0), mask, cache)
    prompts, mask, logits, cache = tf.nest.map_structure(
        lambda tensor: tf.repeat(tensor, options.copies, axis=0), (prompts, mask, logits, cache)
    )
    step = make_step(options.copies)

    def add_column(state: Any, cache: Any) -> tuple[Any, Any]:
        column = length + state.step - 1
        logits, further = step(state.tokens[:, None], column, mask, search.follow(state, cache))
        return search.advance(state, logits), further

    state = search.advance(search.start(prompts), logits)
    state, _ = tf.while_loop(lambda state, cache: search.unfinished(state), add_column, (state, cache))
    return search.result(state)


def _search(options: GenerationOptions, length: Any, new_tokens: Any, seed: Any) -> Search:
    if options.num_beams > 1:
        return BeamSearch(options, length, new_tokens)
    return TokenSearch(options, length, new_tokens, seed)


def _prompts(input_ids: Any, attention_mask: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Return prompts and their mask, both int32 [B, P]."""
    prompts = tf.convert_to_tensor(input_ids)
    if prompts.shape.rank != 2 or not prompts.dtype.is_integer:
        raise ValueError(
            "`input_ids` must be token ids, integers of the shape [B, P]. "
            f"Received: {prompts.dtype.name} of the shape {prompts.shape}."
        )
    if attention_mask is None:
        return tf.cast(prompts, tf.int32), tf.ones_like(prompts, tf.int32)
    mask = tf.convert_to_tensor(attention_mask)
    if not mask.shape.is_compatible_with(prompts.shape):
        raise ValueError(
            f"`attention_mask` must have the shape of `input_ids`, {prompts.shape}. Received: {mask.shape}."
        )
    return tf.cast(prompts, tf.int32), tf.cast(mask, tf.int32)


def _new_tokens(options: GenerationOptions, length: Any, max_positions: int | None) -> Any:
    """Return how many tokens may follow prompts of this length."""
    _require(
        length >= 1, "`input_ids` must have a token in each row, say the first of the text. Received: none.", length
    )
    if options.max_length is not None:
        new_tokens = options.max_length - length
        advice = (
            f"`max_length` {options.max_length} must exceed the prompts' length: raise it, or give `max_new_tokens`."
        )
        _require(new_tokens >= 1, advice, length)
    elif options.max_new_tokens is not None:
        new_tokens = options.max_new_tokens
    elif max_positions is None:
        new_tokens = DEFAULT_NEW_TOKENS
    else:
        new_tokens = (min if isinstance(length, int) else tf.minimum)(DEFAULT_NEW_TOKENS, max_positions - length)
        _require(new_tokens >= 1, f"`input_ids` must be shorter than the model's {max_positions} positions.", length)
    if max_positions is not None:
        # The last token is never looked at, so it needs no position.
        advice = f"`input_ids` and new tokens must fit the model's {max_positions} positions: shorten either."
        _require(length + new_tokens <= max_positions + 1, advice, length)
    return new_tokens


def _require(condition: Any, message: str, length: Any) -> None:
    """Raise now or, for a length that only the running graph knows, then."""
    if isinstance(condition, tf.Tensor):
        tf.debugging.Assert(condition, [message, "Received prompts of the length:", length])
    elif not condition:
        raise ValueError(f"{message} Received: prompts of the length {length}.")
