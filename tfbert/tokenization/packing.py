"""Ragged word pieces to dense model inputs: truncate, add [CLS] and [SEP], pad. Closed-form integer arithmetic.

Letters: B batch, L pieces of the longest row, S positions of the result.
"""

from __future__ import annotations

import dataclasses
from numbers import Integral
from typing import Any

import tensorflow as tf

PADDINGS = ("longest", "max_length")
TRUNCATIONS = {True: True, "longest_first": True, False: False, "do_not_truncate": False}


@dataclasses.dataclass(frozen=True, kw_only=True)
class PackingOptions:
    """How rows are cut and padded.

    Args:
        max_length: int. The longest row, special tokens included.
        padding: str. Pad to the "longest" row, or always to "max_length".
        truncation: bool or str. True or "longest_first" cuts what is too long, pairs by the Rust library's rule; False
            or "do_not_truncate" refuses it.
        pad_to_multiple_of: int or None. Round the padded length up to a multiple of this.

    Raises:
        ValueError: If a value is none of these.
    """

    max_length: int
    padding: str
    truncation: bool | str
    pad_to_multiple_of: int | None

    def __post_init__(self):
        if self.padding not in PADDINGS:
            raise ValueError(f"`padding` must be one of {PADDINGS}. Received: {self.padding!r}.")
        if not isinstance(self.truncation, bool | str) or self.truncation not in TRUNCATIONS:
            raise ValueError(f"`truncation` must be one of {list(TRUNCATIONS)}. Received: {self.truncation!r}.")
        multiple = self.pad_to_multiple_of
        if multiple is not None and (isinstance(multiple, bool) or not isinstance(multiple, Integral) or multiple < 1):
            raise ValueError(f"`pad_to_multiple_of` must be None or an integer above 0. Received: {multiple!r}.")
        self.check_room(segments=1)

    def check_room(self, segments: int) -> None:
        """Refuse a `max_length` that the special tokens of one or two segments alone exceed."""
        if (
            isinstance(self.max_length, bool)
            or not isinstance(self.max_length, Integral)
            or self.max_length <= segments
        ):
            raise ValueError(
                f"`max_length` must be an integer of at least {segments + 1}: the special tokens of "
                f"{'a pair' if segments == 2 else 'a text'} alone take that many. Received: {self.max_length!r}."
            )

    @property
    def truncates(self) -> bool:
        """Whether rows that are too long are cut."""
        return TRUNCATIONS[self.truncation]

    @property
    def fixed_length(self) -> int | None:
        """The padded length where it is the same for every batch."""
        return self.rounded(self.max_length) if self.padding == "max_length" else None

    def rounded(self, length: Any) -> Any:
        """Round a length, an int or a tensor, up to `pad_to_multiple_of`."""
        multiple = self.pad_to_multiple_of or 1
        return (length + multiple - 1) // multiple * multiple


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpecialIds:
    """The ids that packing adds.

    Args:
        cls, sep, pad: int. Ids of [CLS], [SEP] and [PAD].
    """

    cls: int
    sep: int
    pad: int


def kept_lengths(first: tf.Tensor, second: tf.Tensor, budget: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Return how many pieces of each segment of a pair stay, by the rule `longest_first`.

    Args:
        first: int32 [B]. Pieces of the first segment.
        second: int32 [B]. Pieces of the second segment.
        budget: int. Pieces that a row has room for.

    Returns:
        Two int32 [B].

    Source: `truncate_encodings` of Hugging Face tokenizers (Rust), in closed form.
    """
    short = tf.minimum(tf.minimum(first, second), budget // 2)
    long = budget - short
    first_is_longer = first > second  # at a tie the odd piece goes to the second segment
    fits = first + second <= budget
    keep_first = tf.where(fits, first, tf.where(first_is_longer, long, short))
    keep_second = tf.where(fits, second, tf.where(first_is_longer, short, long))
    return keep_first, keep_second


def pack(segments: list[tf.RaggedTensor], options: PackingOptions, special: SpecialIds) -> dict[str, tf.Tensor]:
    """Pack one segment, `[CLS] a [SEP]`, or two, `[CLS] a [SEP] b [SEP]`, into dense rows.

    Args:
        segments: One or two ragged int32 [B, (L)] of word piece ids.
        options: `PackingOptions`.
        special: `SpecialIds`.

    Returns:
        A dict of int32 [B, S]: `input_ids`, `attention_mask` (1 at tokens), `token_type_ids` (1 from the second
        segment to its [SEP]).

    Raises:
        ValueError: If `max_length` has no room for the special tokens.
        InvalidArgumentError: When run, if a row is too long and truncation is off.
    """
    options.check_room(len(segments))
    lengths = [_row_lengths(segment) for segment in segments]  # [B] each
    budget = options.max_length - len(segments) - 1
    if not options.truncates:
        kept = lengths
    elif len(lengths) == 1:
        kept = [tf.minimum(lengths[0], budget)]
    else:
        kept = list(kept_lengths(lengths[0], lengths[1], budget))
    row_length = tf.add_n(kept) + len(segments) + 1  # [B]
    positions = _padded_length(row_length, options)  # scalar S

    position = tf.expand_dims(tf.range(positions), 0)  # [1, S]
    first_end = tf.expand_dims(kept[0], 1) + 1  # [B, 1], where the first [SEP] stands
    row_end = tf.expand_dims(row_length, 1) - 1  # [B, 1], where the last [SEP] stands
    ids = _placed(segments[0], kept[0], position, offset=1)
    token_type_ids = tf.zeros_like(ids)
    if len(segments) == 2:
        second = _placed(segments[1], kept[1], position, offset=first_end + 1)
        ids = tf.where(position > first_end, second, ids)
        token_type_ids = tf.cast((position > first_end) & (position <= row_end), tf.int32)
    ids = tf.where(position == 0, special.cls, ids)
    ids = tf.where((position == first_end) | (position == row_end), special.sep, ids)
    ids = tf.where(position > row_end, special.pad, ids)
    attention_mask = tf.cast(position <= row_end, tf.int32) * tf.ones_like(ids)
    return {"input_ids": ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}


def _row_lengths(segment: tf.RaggedTensor) -> tf.Tensor:
    return tf.cast(segment.row_lengths(), tf.int32)


def _padded_length(row_length: tf.Tensor, options: PackingOptions) -> tf.Tensor | int:
    """The number of positions S: a Python int where it is fixed, so that shapes stay static."""
    if options.truncates and options.fixed_length is not None:
        return options.fixed_length
    longest = tf.reduce_max(tf.concat([row_length, [2]], axis=0))  # an empty batch has two positions, not none
    if not options.truncates:
        fits = tf.debugging.assert_less_equal(
            longest,
            options.max_length,
            message=f"A text is longer than max_length={options.max_length} tokens and truncation is off. "
            "Shorten it, raise max_length, or write truncation=True.",
        )
        with tf.control_dependencies([fits] if fits is not None else []):
            longest = tf.identity(longest if options.fixed_length is None else options.fixed_length)
    return longest if options.fixed_length is not None else options.rounded(longest)


def _placed(segment: tf.RaggedTensor, kept: tf.Tensor, position: tf.Tensor, offset: tf.Tensor | int) -> tf.Tensor:
    """Dense rows [B, S] with the segment's pieces from position `offset` on; what stands elsewhere means nothing."""
    width = tf.maximum(tf.reduce_max(tf.concat([kept, [1]], axis=0)), 1)
    # Slicing the ragged rows would convert, then die in LiteRT; `shape` cuts and pads in one kernel.
    dense = segment.to_tensor(0, shape=tf.stack([-1, width]))  # [B, width]
    source = tf.clip_by_value(position - offset, 0, width - 1)  # [1, S] or [B, S]
    source = source + tf.zeros_like(tf.expand_dims(kept, 1))  # [B, S]
    return tf.gather(dense, source, batch_dims=1)
