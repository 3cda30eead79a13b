"""Ragged word pieces to dense model inputs: truncate, add [CLS] and [SEP], pad. Closed-form integer arithmetic.

Letters: B batch, L pieces of the longest row, S positions of the result.
"""

from __future__ import annotations

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True, kw_only=True)
class PackingOptions:
    """How rows are cut and padded.

    Args:
        max_length: int. The longest row, special tokens included.
        padding: "longest" (pad to the longest row) or "max_length".
        truncation: bool. Cut what is too long, pairs by the Rust library's `longest_first`; else refuse it.
        pad_to_multiple_of: int or None. Round the padded length up to a multiple of this.
        cls_token_id, sep_token_id, pad_token_id: int.
    """

    max_length: int
    padding: str
    truncation: bool
    pad_to_multiple_of: int | None
    cls_token_id: int
    sep_token_id: int
    pad_token_id: int


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


def pack(segments: list[tf.RaggedTensor], options: PackingOptions) -> dict[str, tf.Tensor]:
    """Pack one segment, `[CLS] a [SEP]`, or two, `[CLS] a [SEP] b [SEP]`, into dense rows.

    Args:
        segments: One or two ragged int32 [B, (L)] of word piece ids.
        options: `PackingOptions`.

    Returns:
        A dict of int32 [B, S]: `input_ids`, `attention_mask` (1 at tokens), `token_type_ids` (1 from the second
        segment to its [SEP]).

    Raises:
        InvalidArgumentError: When run, if a row is too long and truncation is off.
    """
    lengths = [_row_lengths(segment) for segment in segments]  # [B] each
    budget = options.max_length - len(segments) - 1
    if not options.truncation:
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
    ids = tf.where(position == 0, options.cls_token_id, ids)
    ids = tf.where((position == first_end) | (position == row_end), options.sep_token_id, ids)
    ids = tf.where(position > row_end, options.pad_token_id, ids)
    attention_mask = tf.cast(position <= row_end, tf.int32) * tf.ones_like(ids)
    return {"input_ids": ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}


def _row_lengths(segment: tf.RaggedTensor) -> tf.Tensor:
    return tf.cast(segment.row_lengths(), tf.int32)


def _padded_length(row_length: tf.Tensor, options: PackingOptions) -> tf.Tensor | int:
    """The number of positions S: a Python int where it is fixed, so that shapes stay static."""
    multiple = options.pad_to_multiple_of or 1
    longest = tf.reduce_max(tf.concat([row_length, [2]], axis=0))  # an empty batch has two positions, not none
    if not options.truncation:
        check = tf.debugging.assert_less_equal(
            longest,
            options.max_length,
            message=f"A text is longer than max_length={options.max_length} tokens and truncation is off. "
            "Shorten it, raise max_length, or write truncation=True.",
        )
        with tf.control_dependencies([check] if check is not None else []):
            longest = tf.identity(longest)
    if options.padding == "max_length":
        length = -(-options.max_length // multiple) * multiple
        return length if options.truncation else longest * 0 + length
    return (longest + multiple - 1) // multiple * multiple


def _placed(segment: tf.RaggedTensor, kept: tf.Tensor, position: tf.Tensor, offset: tf.Tensor | int) -> tf.Tensor:
    """Dense rows [B, S] with the segment's pieces from position `offset` on; what stands elsewhere means nothing."""
    width = tf.maximum(tf.reduce_max(tf.concat([kept, [1]], axis=0)), 1)
    # Slicing the ragged rows would convert, then die in LiteRT; `shape` cuts and pads in one kernel.
    dense = segment.to_tensor(0, shape=tf.stack([-1, width]))  # [B, width]
    source = tf.clip_by_value(position - offset, 0, width - 1)  # [1, S] or [B, S]
    source = source + tf.zeros_like(tf.expand_dims(kept, 1))  # [B, S]
    return tf.gather(dense, source, batch_dims=1)
