"""Word pieces to dense model inputs: [CLS] and [SEP] around them, padding after them. Closed-form integer arithmetic.

Letters: B texts, R rows (B, or more with overflowing windows), S positions of a row, P pieces of the batch.
"""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from tfbert.tokenization.packing.packing_options import PackingOptions
from tfbert.tokenization.packing.truncation import truncated_rows, windowed_rows
from tfbert.tokenization.stages.pieces import Pieces


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpecialIds:
    """The ids that packing adds.

    Args:
        cls, sep, pad: int. Ids of [CLS], [SEP] and [PAD].
    """

    cls: int
    sep: int
    pad: int


@tf.autograph.experimental.do_not_convert  # plain Python, which AutoGraph would take seconds to rewrite
def pack(pieces: Pieces, segments: int, options: PackingOptions, special: SpecialIds) -> dict[str, tf.Tensor]:
    """Pack one segment, `[CLS] a [SEP]`, or two, `[CLS] a [SEP] b [SEP]`, into dense rows.

    Args:
        pieces: `Pieces` of the first segments of all B texts, then of all second ones.
        segments: int. 1 or 2.
        options: `PackingOptions`.
        special: `SpecialIds`.

    Returns:
        A dict of int32 [R, S]: `input_ids`, `token_type_ids` (1 in the second segment and its [SEP]), `attention_mask`
        (1 at tokens), `special_tokens_mask` (1 at [CLS], [SEP] and padding), `offset_mapping` [R, S, 2] (bytes of the
        text; 0, 0 at special tokens), `length` [R] (of the row, padding included), `overflow_to_sample_mapping` [R]
        (the text of each row), as far as `options` ask for them.

    Raises:
        ValueError: If `max_length` has no room for the special tokens.
        InvalidArgumentError: When run, if a row does not fit and may not be cut.
    """
    options.check_room(segments)
    begins, lengths = _segments(pieces, segments)
    rows = (windowed_rows if options.return_overflowing_tokens else truncated_rows)(lengths, options)
    special_tokens = options.special_tokens(segments)
    row_length = tf.add_n(rows.kept) + special_tokens  # [R]
    positions = _padded_length(row_length, options)  # scalar S

    add = int(options.add_special_tokens)
    position = tf.range(positions)[None, :]  # [1, S], then counted from the first token
    if options.padding_side == "left":
        position = position - (positions - row_length)[:, None]
    in_row = (position >= 0) & (position < row_length[:, None])
    in_segment, source = tf.zeros_like(in_row), tf.zeros_like(position)
    start = tf.fill(tf.shape(row_length), add)  # of the segment, [R]
    second_start = start
    for begin, first, kept in zip(begins, rows.first, rows.kept):
        here = (position >= start[:, None]) & (position < (start + kept)[:, None])
        piece = position + (tf.gather(begin, rows.text) + first - start)[:, None]
        in_segment, source = in_segment | here, tf.where(here, piece, source)
        second_start, start = start, start + kept + add
    in_second = in_row & (position >= second_start[:, None]) if segments == 2 else tf.zeros_like(in_row)

    def placed(values: tf.Tensor) -> tf.Tensor:
        """Values of the pieces [P] at their positions [R, S], 0 elsewhere."""
        values = tf.concat(
            [[0], tf.cast(values, tf.int32)], axis=0
        )  # a batch without a single piece has one value, too
        return tf.gather(values, tf.where(in_segment, source + 1, 0))

    specials = tf.where(in_row, tf.where(position == 0, special.cls, special.sep), special.pad)
    packed = {"input_ids": tf.where(in_segment, placed(pieces.ids), specials)}
    if options.return_attention_mask:
        packed["attention_mask"] = tf.cast(in_row, tf.int32)
    if options.return_token_type_ids:
        packed["token_type_ids"] = tf.cast(in_second, tf.int32)
    if options.return_special_tokens_mask:
        packed["special_tokens_mask"] = tf.cast(~in_segment, tf.int32)
    if options.return_offsets:
        packed["offset_mapping"] = tf.stack([placed(pieces.starts), placed(pieces.ends)], axis=-1)
    if options.return_length:
        packed["length"] = tf.fill(tf.shape(row_length), positions)
    if options.return_overflowing_tokens:
        packed["overflow_to_sample_mapping"] = rows.text
    return packed


def _segments(pieces: Pieces, segments: int) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """The first piece and the number of pieces of each text, for each segment, int32 [B]."""
    splits = tf.cast(pieces.row_splits, tf.int32)
    begins, lengths = splits[:-1], splits[1:] - splits[:-1] if pieces.lengths is None else pieces.lengths
    if segments == 1:
        return [begins], [lengths]
    return tf.split(begins, 2), tf.split(lengths, 2)


def _padded_length(row_length: tf.Tensor, options: PackingOptions) -> tf.Tensor | int:
    """The number of positions S: a Python int where it is fixed, so that shapes stay static."""
    if options.fixed_length is not None and not options.return_overflowing_tokens:
        return options.fixed_length
    least = max(1, options.special_tokens(1))  # an empty batch has positions, too
    longest = tf.reduce_max(tf.concat([row_length, [least]], axis=0))
    if options.fixed_length is not None:
        return tf.maximum(options.fixed_length, longest)
    if options.pads:
        return options.padded(longest)
    of_one_length = tf.debugging.Assert(
        tf.reduce_all(row_length == longest),
        ["padding='do_not_pad' takes rows of one length. Write padding='longest', or give one text a call."],
    )
    with tf.control_dependencies([of_one_length]):
        return tf.identity(longest)
