"""Pieces to dense model inputs, as `tfbert.tokenization.packing.packing` does it, in ONNX operators.

Letters: B rows, S positions of a row, P pieces.
"""

from __future__ import annotations

import functools

from tfbert.export.onnx.graph_builder import GraphBuilder, Tensor
from tfbert.export.onnx.word_pieces import PieceRows
from tfbert.tokenization.packing.packing import SpecialIds
from tfbert.tokenization.packing.packing_options import PackingOptions, refuse_options

END = 2**63 - 1  # past the end of everything


def check_packing(options: PackingOptions) -> None:
    """Refuse options that the ONNX form cannot follow: those that return more, or fail on some texts.

    Args:
        options: `PackingOptions`.

    Raises:
        ValueError: If there is one; the message names it.
    """
    refused = {
        "truncation": options.strategy != "longest_first",
        "padding": not options.pads,
        "return_overflowing_tokens": options.return_overflowing_tokens,
        "return_offsets": options.return_offsets,
        "return_special_tokens_mask": options.return_special_tokens_mask,
        "return_length": options.return_length,
    }
    message = "The ONNX form of the tokenizer cannot follow {}. Leave it at its default, or export as a SavedModel."
    refuse_options(options, refused, message)


def packed_rows(
    graph: GraphBuilder,
    pieces: PieceRows,
    rows: Tensor,
    segments: int,
    options: PackingOptions,
    special: SpecialIds,
    is_absent: Tensor | None = None,
) -> dict[str, Tensor]:
    """Pack one segment, `[CLS] a [SEP]`, or two, `[CLS] a [SEP] b [SEP]`, into dense rows.

    Args:
        graph: `GraphBuilder`.
        pieces: `PieceRows` of the first segments of all rows, then of all second ones.
        rows: int64 [1]. How many rows there are.
        segments: int. 1 or 2.
        options: `PackingOptions`, as `check_packing` lets them pass.
        special: `SpecialIds`.
        is_absent: bool, one for each text, or None. Second segments that a row is to be packed without.

    Returns:
        A dict of int32 [B, S]: `input_ids`, `attention_mask` and `token_type_ids`, as far as the options ask for them.
    """
    add, subtract, where = (functools.partial(graph, op) for op in ("Add", "Sub", "Where"))
    added = int(options.add_special_tokens)
    begins = graph("Slice", pieces.splits, [0], [-1], [0])
    lengths = subtract(graph("Slice", pieces.splits, [1], [END], [0]), begins, name="lengths")
    by_segment = [_by_segment(graph, values, rows, segments) for values in (begins, lengths)]
    around: Tensor | int = options.special_tokens(segments)
    if is_absent is not None:
        without = graph.cast(_by_segment(graph, is_absent, rows, segments)[1], "INT64")
        around = subtract(around, graph("Mul", without, added), name="special_tokens")  # [B, 1]
    kept = _kept_lengths(graph, by_segment[1], subtract(options.max_length, around, name="budget"))
    row_length = add(functools.reduce(add, kept), around, name="row_length")  # [B, 1]
    # Rows of single texts are as long as pairs of empty ones at least, as the tasks pad them.
    positions = _padded_length(graph, graph("Max", row_length, options.special_tokens(segments)), options)

    position = graph("Range", 0, positions, 1, name="position")  # [S], then counted from the first token
    if options.padding_side == "left":
        position = subtract(position, subtract(positions, row_length))
    in_row = graph("And", graph("GreaterOrEqual", position, 0), graph("Less", position, row_length), name="in_row")
    source, starts = graph.constant(0), [graph.constant(added)]
    for begin, length, keep in zip(*by_segment, kept):
        end = add(starts[-1], keep)
        here = graph(
            "And", graph("GreaterOrEqual", position, starts[-1]), graph("Less", position, end), name="in_segment"
        )
        first = add(begin, subtract(length, keep)) if options.truncation_side == "left" else begin
        piece = add(position, subtract(add(first, 1), starts[-1]))  # 0 is no piece
        source = where(here, piece, source)
        starts.append(add(end, added, name="next_start"))
    specials = where(in_row, where(graph("Equal", position, 0), special.cls, special.sep), special.pad)
    ids = graph("Gather", graph("Concat", [0], pieces.ids, axis=0), source)  # a batch may be without a single piece
    packed = {"input_ids": where(graph("Equal", source, 0), specials, ids)}
    if options.return_attention_mask:
        packed["attention_mask"] = in_row
    if options.return_token_type_ids:
        packed["token_type_ids"] = graph("And", in_row, graph("GreaterOrEqual", position, starts[1]))
    return {name: graph.cast(value, "INT32") for name, value in packed.items()}


def _by_segment(graph: GraphBuilder, values: Tensor, rows: Tensor, segments: int) -> list[Tensor]:
    """Values of the texts, as a column [B, 1] for each segment; an error when run if the segments differ in length."""
    counts = graph("Concat", *[rows] * segments, axis=0)
    parts = graph.outputs("Split", values, counts, names=["segment"] * segments, axis=0)
    return [graph("Unsqueeze", part, [1]) for part in parts]


def _kept_lengths(graph: GraphBuilder, lengths: list[Tensor], budget: Tensor) -> list[Tensor]:
    """How many pieces of each segment fit into a row; see `tfbert.tokenization.packing.truncation`."""
    if len(lengths) == 1:
        return [graph("Min", lengths[0], budget)]
    first, second = lengths
    short = graph("Min", first, second, graph("Div", budget, 2))
    long = graph("Sub", budget, short)
    first_is_longer = graph("Greater", first, second)  # at a tie the odd piece goes to the second segment
    fits = graph("LessOrEqual", graph("Add", first, second), budget)
    return [
        graph("Where", fits, length, graph("Where", first_is_longer, *cut))
        for length, cut in ((first, (long, short)), (second, (short, long)))
    ]


def _padded_length(graph: GraphBuilder, row_length: Tensor, options: PackingOptions) -> Tensor:
    """The number of positions, int64 scalar."""
    if options.fixed_length is not None:
        return graph.constant(options.fixed_length)
    least = max(1, options.special_tokens(1))  # an empty batch has positions, too
    longest = graph("ReduceMax", graph("Concat", row_length, [[least]], axis=0), keepdims=0, name="longest")
    if options.buckets:
        buckets = [*options.buckets, max(options.max_length, options.buckets[-1])]
        fitting = graph("Where", graph("Less", buckets, longest), END, buckets)
        return graph("ReduceMin", fitting, keepdims=0, name="bucket")
    multiple = options.pad_to_multiple_of or 1
    if multiple == 1:
        return longest
    return graph("Mul", graph("Div", graph("Add", longest, multiple - 1), multiple), multiple, name="multiple")
