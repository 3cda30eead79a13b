"""Which piece stands at which position of which row, by the packing of the in-graph layer."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfbert.tokenization.host.lengths import Lengths
from tfbert.tokenization.packing.packing import SpecialIds, pack
from tfbert.tokenization.packing.packing_options import PackingOptions
from tfbert.tokenization.stages.pieces import Pieces

CLS, SEP, PAD = -1, -2, -3  # in `source`; as indices they count from the end of what `at` appends


class RowLayout(NamedTuple):
    """Rows of positions.

    Args:
        source: int [R, S]. The piece at each position, or CLS, SEP or PAD.
        types: int [R, S]. Token types.
        text: int [R]. The text that each row belongs to.
        lengths: int [R]. How many positions of each row count: padded rows may differ, too.
        left: bool. Whether the positions that count are the last ones of a row.
    """

    source: np.ndarray
    types: np.ndarray
    text: np.ndarray
    lengths: np.ndarray
    left: bool

    def at(self, values: np.ndarray, *, cls: Any = 0, sep: Any = 0, pad: Any = 0) -> np.ndarray:
        """Return the values of pieces [P] at their positions [R, S], and others at the positions without a piece."""
        return np.concatenate([values, np.asarray([pad, sep, cls], values.dtype)])[self.source]

    def rows(self, matrix: np.ndarray) -> list[list[Any]]:
        """Return [R, S] as lists of the positions that count."""
        rows = matrix.tolist()
        width = matrix.shape[1]
        if (self.lengths == width).all():
            return rows
        if self.left:
            return [row[width - length :] for row, length in zip(rows, self.lengths.tolist())]
        return [row[:length] for row, length in zip(rows, self.lengths.tolist())]

    def row(self, matrix: np.ndarray, index: int) -> np.ndarray:
        """Return the positions of one row that count."""
        length, width = int(self.lengths[index]), matrix.shape[1]
        return matrix[index, width - length :] if self.left else matrix[index, :length]


def lay_out(
    row_splits: np.ndarray, segments: int, lengths: Lengths, add_special_tokens: bool, overflowing: bool
) -> RowLayout:
    """Lay pieces out in rows.

    Args:
        row_splits: int [N + 1]. The pieces of the first segments of all texts, then of all second ones.
        segments: int. 1 or 2.
        lengths: `Lengths`.
        add_special_tokens: bool.
        overflowing: bool. Whether what is cut comes as further rows.

    Returns:
        `RowLayout`.

    Raises:
        ValueError: If rows cannot be cut as asked.
    """
    special = segments + 1 if add_special_tokens else 0
    totals = np.diff(row_splits).reshape(segments, -1).sum(0) + special
    if not totals.size:
        nothing = np.zeros((0, 0), np.int32)
        return RowLayout(nothing, nothing, np.zeros(0, np.int32), np.zeros(0, np.int64), False)
    limit = lengths.max_length if lengths.truncates else None
    cuts = limit is not None and bool((totals > limit).any())
    packed = _packed(
        row_splits,
        segments,
        PackingOptions(
            max_length=limit if cuts and limit is not None else max(int(totals.max()), 1),
            truncation=lengths.truncation if cuts else False,
            stride=lengths.stride,
            truncation_side=lengths.truncation_side,
            padding_side=lengths.padding_side,
            add_special_tokens=add_special_tokens,
            return_overflowing_tokens=cuts and overflowing,
            return_attention_mask=False,
        ),
    )
    source, types = packed["input_ids"], packed["token_type_ids"]
    text = packed.get("overflow_to_sample_mapping", np.arange(len(source)))
    row_lengths = (source != PAD).sum(1)
    # As in the Rust library the longest row is sought among the first ones of the texts.
    is_first = np.concatenate([[True], text[1:] != text[:-1]])
    row_lengths = np.maximum(row_lengths, lengths.padded(int(row_lengths[is_first].max())))
    width, left = int(row_lengths.max()), lengths.padding_side == "left"
    return RowLayout(_resized(source, width, left, PAD), _resized(types, width, left, 0), text, row_lengths, left)


def _packed(row_splits: np.ndarray, segments: int, options: PackingOptions) -> dict[str, np.ndarray]:
    pieces = Pieces(tf.range(int(row_splits[-1])), tf.constant(row_splits, tf.int64))
    try:
        packed = pack(pieces, segments, options, SpecialIds(cls=CLS, sep=SEP, pad=PAD))
    except tf.errors.InvalidArgumentError as error:
        said = re.search(r"Summarized data: b(['\"])(.*)\1", str(error), re.DOTALL)
        raise ValueError(said[2] if said else str(error)) from None
    return {name: values.numpy() for name, values in packed.items()}


def _resized(matrix: np.ndarray, width: int, left: bool, fill: int) -> np.ndarray:
    """Give rows another width by padding, or by taking padding away."""
    if matrix.shape[1] == width:
        return matrix
    resized = np.full((len(matrix), width), fill, matrix.dtype)
    common = min(width, matrix.shape[1])
    if left:
        resized[:, width - common :] = matrix[:, matrix.shape[1] - common :]
    else:
        resized[:, :common] = matrix[:, :common]
    return resized
