"""Which pieces of each text a row keeps, and the windows over what it does not."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tfbert.tokenization.packing.packing_options import PackingOptions
from tfbert.tokenization.stages.pieces import row_of_value


class Rows(NamedTuple):
    """The rows of a batch: a window on each segment of a text.

    Args:
        text: int32 [R]. The text that each row belongs to.
        first: list of int32 [R], one for each segment. The piece of the segment that the window begins with.
        kept: list of int32 [R], one for each segment. The pieces of the window.
    """

    text: tf.Tensor
    first: list[tf.Tensor]
    kept: list[tf.Tensor]


def kept_lengths(lengths: list[tf.Tensor], options: PackingOptions) -> list[tf.Tensor]:
    """Return how many pieces of each segment fit into a row.

    Args:
        lengths: One or two int32 [B]. Pieces of each segment.
        options: `PackingOptions`.

    Returns:
        A list of int32 [B].

    Raises:
        InvalidArgumentError: When run, if what is to be cut is too short for that or not there, or a row is too long
            and nothing is to be cut.

    Source: `truncate_encodings` of Hugging Face tokenizers (Rust), in closed form.
    """
    budget = options.max_length - options.special_tokens(len(lengths))
    total = tf.add_n(lengths)
    if options.strategy == "do_not_truncate":
        return _checked(
            lengths,
            total <= budget,
            f"A text is longer than max_length={options.max_length} tokens and truncation is off. Shorten it, raise "
            "max_length, or write truncation=True.",
        )
    if options.strategy == "only_second" and len(lengths) == 1:
        message = "truncation='only_second' cuts the second text of a pair, and a single text is too long. Write True."
        return _checked(lengths, total <= budget, message)
    if len(lengths) == 1:
        return [tf.minimum(total, budget)]
    if options.strategy == "longest_first" or budget == 0:  # without any room both are cut to nothing
        return _longest_first(lengths[0], lengths[1], budget)
    cut = 0 if options.strategy == "only_first" else 1
    kept = list(lengths)
    kept[cut] = tf.minimum(lengths[cut], budget - lengths[1 - cut])
    return _checked(
        kept,
        (total <= budget) | (kept[cut] > 0),
        f"truncation={options.strategy!r} cannot bring a pair down to max_length={options.max_length} tokens: the "
        "other text alone is too long. Write truncation='longest_first', or raise max_length.",
    )


def _longest_first(first: tf.Tensor, second: tf.Tensor, budget: int) -> list[tf.Tensor]:
    short = tf.minimum(tf.minimum(first, second), budget // 2)
    long = budget - short
    first_is_longer = first > second  # at a tie the odd piece goes to the second segment
    fits = first + second <= budget
    keep_first = tf.where(fits, first, tf.where(first_is_longer, long, short))
    keep_second = tf.where(fits, second, tf.where(first_is_longer, short, long))
    return [keep_first, keep_second]


def truncated_rows(lengths: list[tf.Tensor], options: PackingOptions) -> Rows:
    """Return one row for each text: as much of it as fits.

    Args:
        lengths: One or two int32 [B]. Pieces of each segment.
        options: `PackingOptions`.

    Returns:
        `Rows`.
    """
    kept = kept_lengths(lengths, options)
    from_left = options.truncation_side == "left"
    first = [length - keep if from_left else tf.zeros_like(keep) for length, keep in zip(lengths, kept)]
    return Rows(tf.range(tf.size(lengths[0])), first, kept)


def windowed_rows(lengths: list[tf.Tensor], options: PackingOptions) -> Rows:
    """Return as many rows for each text as it takes to show all of it; of a pair, every window beside every other.

    Args:
        lengths: One or two int32 [B]. Pieces of each segment.
        options: `PackingOptions`.

    Returns:
        `Rows`, those of a text one after the other.

    Raises:
        InvalidArgumentError: When run, if a window is not longer than the stride.

    Source: `Encoding::truncate` and `Encoding::merge_with` of Hugging Face tokenizers (Rust), in closed form.
    """
    sizes = kept_lengths(lengths, options)
    sizes = _checked(
        sizes,
        tf.reduce_all(
            [(size > options.stride) | (size == length) | (size == 0) for size, length in zip(sizes, lengths)]
        ),
        f"`stride` must be smaller than the room for pieces in a window. Received: stride={options.stride}, "
        f"max_length={options.max_length}. Lower stride or raise max_length.",
    )
    counts = [_window_count(length, size, options.stride) for length, size in zip(lengths, sizes)]
    of_text = counts[0] * counts[1] if len(counts) == 2 else counts[0]
    row_splits = tf.concat([[0], tf.cumsum(of_text)], axis=0)
    text = tf.cast(row_of_value(row_splits, row_splits[-1]), tf.int32)
    row = tf.range(row_splits[-1]) - tf.gather(row_splits, text)
    windows = [row] if len(counts) == 1 else _pair_of_windows(row, *(tf.gather(count, text) for count in counts))
    placed = [
        _window(window, tf.gather(length, text), tf.gather(size, text), options)
        for window, length, size in zip(windows, lengths, sizes)
    ]
    return Rows(text, [first for first, _ in placed], [kept for _, kept in placed])


def _window_count(length: tf.Tensor, size: tf.Tensor, stride: int) -> tf.Tensor:
    step = tf.maximum(size - stride, 1)
    beyond_first = tf.where(size == 0, 1, (length - size + step - 1) // step)  # no room: all in one further window
    return 1 + tf.where(length > size, beyond_first, 0)


def _pair_of_windows(row: tf.Tensor, first_count: tf.Tensor, second_count: tf.Tensor) -> list[tf.Tensor]:
    """The windows on both segments: (0, 0); each further one on the first beside all on the second; (0, the others)."""
    middle = (first_count - 1) * second_count  # rows in which the first segment shows a further window
    in_middle = (row > 0) & (row <= middle)
    first = tf.where(in_middle, 1 + (row - 1) // second_count, 0)
    second = tf.where(in_middle, (row - 1) % second_count, tf.maximum(row - middle, 0))
    return [first, second]


def _window(
    window: tf.Tensor, length: tf.Tensor, size: tf.Tensor, options: PackingOptions
) -> tuple[tf.Tensor, tf.Tensor]:
    """The first piece of a window, and how many it has."""
    begin = window * tf.maximum(size - options.stride, 1)
    whole = (size == 0) & (window > 0)
    begin = tf.where(whole, 0, begin)
    kept = tf.where(whole, length, tf.minimum(size, length - begin))
    return (length - begin - kept if options.truncation_side == "left" else begin), kept


def _checked(values: list[tf.Tensor], condition: tf.Tensor, message: str) -> list[tf.Tensor]:
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(condition), [message])]):
        return [tf.identity(value) for value in values]
