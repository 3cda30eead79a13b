"""Special tokens that stand in a text, such as [MASK]: found in its bytes, before anything is normalised.

Letters: F bytes, C of them that begin a literal, M matches, n literals of at most L bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfbert.export.onnx.character_map import DELETED
from tfbert.export.onnx.graph_builder import GraphBuilder, Tensor
from tfbert.export.onnx.utf8_characters import START, padded

NO_BYTE = -1  # behind the end of a literal that is shorter than others


def place_literals(
    graph: GraphBuilder, flat: Tensor, slots: Tensor, literals: Sequence[str], first_slot: int
) -> Tensor:
    """Put the slots of literals where they stand; of two that begin together the longer one counts.

    Args:
        graph: `GraphBuilder`.
        flat: int64 [F]. Bytes, as from `flat_bytes`.
        slots: int64 [F]. The slots of characters.
        literals: Sequence of str [n], as `check_literals` lets them pass.
        first_slot: int. The slot of the first one; those of the others follow.

    Returns:
        int64 [F]: the slot of the literal at its first byte, `DELETED` at its further bytes.
    """
    contents, values = _tables(literals, first_slot)
    longest = contents.shape[1]
    begins = np.isin(np.arange(START + 1), contents[:, 0])
    candidates = graph(
        "Squeeze", graph("NonZero", graph("Gather", begins, flat)), [0], name="literal_candidates"
    )  # [C]
    reach = list(range(longest))
    places = graph("Add", graph("Unsqueeze", candidates, [1]), reach)
    window = graph("Unsqueeze", graph("Gather", padded(graph, flat, longest), places), [1])  # [C, 1, L]
    same = graph("Or", graph("Equal", window, contents), contents == NO_BYTE, name="same_bytes")  # [C, n, L]
    whole = graph("ReduceMin", graph.cast(same, "INT32"), [2], keepdims=0, name="whole_literals")  # [C, n]
    found = graph.cast(graph("ReduceMax", whole, [1], keepdims=0), "BOOL")
    which = graph("Compress", graph("ArgMax", whole, axis=1, keepdims=0), found, name="found_literals")  # [M]
    where = graph("Compress", candidates, found)

    places = graph("Reshape", graph("Add", graph("Unsqueeze", where, [1]), reach), [-1])  # [M * L]
    written = graph("Reshape", graph("Gather", values, which), [-1])
    inside = graph("GreaterOrEqual", written, 0)
    places, written = (graph("Compress", one, inside) for one in (places, written))
    return graph("ScatterElements", slots, places, written, name="slots_with_literals")


def check_literals(literals: Sequence[str]) -> None:
    """Refuse literals of which two can overlap in a text: all are looked for at once.

    Args:
        literals: Sequence of str.

    Raises:
        ValueError: If there are such.
    """
    for first in literals:
        for second in literals:
            ends = range(1, len(first))
            if any(first.startswith(second, end) or second.startswith(first[end:]) for end in ends):
                raise ValueError(
                    f"ONNX has no op that finds tokens which overlap, as {first!r} and {second!r} of `added_tokens` "
                    "can. Export as a SavedModel, leave one of them out, or write split_special_tokens=True."
                )


def _tables(literals: Sequence[str], first_slot: int) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of the literals [n, L], the longest first, since the first that is found counts; what is written."""
    numbered = [(literal.encode(), slot) for slot, literal in enumerate(literals, first_slot)]
    numbered.sort(key=lambda pair: -len(pair[0]))
    contents, values = np.full((2, len(numbered), len(numbered[0][0])), NO_BYTE)
    for row, (content, slot) in enumerate(numbered):
        contents[row, : len(content)] = list(content)
        values[row, : len(content)] = DELETED
        values[row, 0] = slot
    return contents, values
