"""Slots to word piece ids, by the WordpieceTokenizer of onnxruntime-extensions, and what it does otherwise mended.

Letters: F slots, T tokens (pieces, unknown words and marks), P pieces, B texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tfbert.export.onnx.character_map import TEXT_START, WORD_END
from tfbert.export.onnx.graph_builder import EXTENSIONS, ML, GraphBuilder, Tensor

UNKNOWN, END_OF_WORD, START_OF_TEXT = -1, -2, -3  # labels of tokens that are no pieces
MAX_INT64 = 2**63 - 1


class PieceRows(NamedTuple):
    """The pieces of all texts, one text after the other.

    Args:
        ids: int64 [P].
        splits: int64 [B + 1]. Text b holds the pieces splits[b] to splits[b + 1].
    """

    ids: Tensor
    splits: Tensor


def word_pieces(
    graph: GraphBuilder,
    slots: Tensor,
    texts: Sequence[str],
    pieces: Mapping[str, int],
    *,
    prefix: str,
    unknown_id: int,
    max_characters: int,
) -> PieceRows:
    """Split words into the longest pieces of the vocabulary, from left to right.

    Args:
        graph: `GraphBuilder`.
        slots: int64 [F]. What the text is made of.
        texts: Sequence of str. The text of each slot.
        pieces: Mapping from piece to id, without what holds white space.
        prefix: str. What continuations begin with.
        unknown_id: int. The id of a word that cannot be spelled.
        max_characters: int. A longer word is unknown.

    Returns:
        `PieceRows`.
    """
    labels = {**pieces, WORD_END: END_OF_WORD, TEXT_START: START_OF_TEXT}
    strings = graph("Gather", list(texts), slots, name="character_texts")  # [F]
    joined = graph("StringJoin", strings, [""], [0], domain=EXTENSIONS, name="normalized_text")  # [1]
    tokens = graph.outputs(
        "WordpieceTokenizer",
        *(joined, []),
        names=("tokens", "token_row_splits", "token_row_begins", "token_row_ends"),
        domain=EXTENSIONS,
        vocab=json.dumps(labels, ensure_ascii=False),
        suffix_indicator=prefix,
        unknown_token=" ",  # which is no token, so it gets the default label
        max_input_chars_per_word=min(max_characters, MAX_INT64),
    )[0]
    label = graph(
        *("LabelEncoder", tokens),
        domain=ML,
        name="token_labels",  # [T]
        keys_strings=list(labels),
        values_int64s=list(labels.values()),
        default_int64=UNKNOWN,
    )

    # The op gives an unknown word as the pieces that it found, and the unknown token behind them.
    is_unknown = graph("Equal", label, UNKNOWN)
    is_mark = graph("Less", label, UNKNOWN)
    word = graph("CumSum", graph.cast(is_mark, "INT64"), 0, exclusive=1, name="word_of_token")
    none = graph("Expand", 0, graph("Shape", label))
    unknowns = graph("ScatterElements", none, word, graph.cast(is_unknown, "INT64"), reduction="add", name="unknowns")
    in_unknown_word = graph("Greater", graph("Gather", unknowns, word), 0)
    kept = graph("And", graph("Equal", in_unknown_word, is_unknown), graph("Not", is_mark), name="kept_tokens")
    ids = graph("Compress", graph("Where", is_unknown, unknown_id, label), kept, name="piece_ids")

    starts = graph("Squeeze", graph("NonZero", graph("Equal", label, START_OF_TEXT)), [0])  # [B + 1]
    kept_before = graph("CumSum", graph.cast(kept, "INT64"), 0)  # itself counted, but a start is not kept
    return PieceRows(ids, graph("Gather", kept_before, starts, name="piece_splits"))
