"""Texts to the slot of each character, through their bytes: no table of strings, no row longer than it is.

Letters: B texts, N bytes of them all, F = N + B + 1 with marks where texts begin, K bytes that begin a character.
"""

from __future__ import annotations

import numpy as np

from tfbert.export.onnx.character_map import DELETED, PAGE, CharacterMap
from tfbert.export.onnx.graph_builder import EXTENSIONS, ML, GraphBuilder, Tensor
from tfbert.tokenization.characters.character_tables import CODE_POINTS

START = 256  # stands among the bytes where a text begins, and once at the end
FOLLOWING = 3  # bytes at most that go on with a character
WRONG = 1 << 22  # taken for the bits of a byte that does not, so that no code point comes out


def flat_bytes(graph: GraphBuilder, texts: Tensor) -> Tensor:
    """Return the bytes of all texts, one text after the other.

    Args:
        graph: `GraphBuilder`.
        texts: string [B].

    Returns:
        int64 [F], `START` before each text and at the end.
    """
    indices, characters, _ = graph.outputs(
        "StringSplit",
        *(texts, [""], np.array([False])),
        names=("byte_indices", "byte_strings", "byte_shape"),
        domain=EXTENSIONS,
    )
    # What begins with NUL comes out as the empty string.
    keys = [b"", *(bytes([byte]) for byte in range(1, 256))]
    values = graph("LabelEncoder", characters, domain=ML, name="bytes", keys_strings=keys, values_int64s=range(256))
    row = graph("Gather", indices, 0, axis=1, name="text_of_byte")  # [N]
    count = graph("Shape", values)
    place = graph("Add", graph("Add", graph("Range", 0, graph("Squeeze", count), 1), row), 1, name="byte_place")
    total = graph("Add", graph("Add", count, graph("Shape", texts)), [1])
    marks = graph("Expand", START, total, name="text_starts")  # [F]
    return graph("ScatterElements", marks, place, values, name="flat_bytes")


def is_empty(graph: GraphBuilder, flat: Tensor) -> Tensor:
    """Return bool [B]: which texts have no bytes at all, given flat bytes as from `flat_bytes`."""
    starts = graph("Squeeze", graph("NonZero", graph("Equal", flat, START)), [0])  # [B + 1]
    sizes = graph("Sub", graph("Slice", starts, [1], [2**63 - 1], [0]), graph("Slice", starts, [0], [-1], [0]))
    return graph("Equal", sizes, 1, name="is_empty")


def character_slots(graph: GraphBuilder, flat: Tensor, characters: CharacterMap, start_slot: int) -> Tensor:
    """Return the slot of each character, at its first byte.

    Bytes that are no UTF-8 are deleted.

    Args:
        graph: `GraphBuilder`.
        flat: int64 [F]. Bytes, as from `flat_bytes`.
        characters: `CharacterMap`.
        start_slot: int. The slot of `START`.

    Returns:
        int64 [F], `DELETED` at all further bytes.
    """
    of_byte = np.full(START + 1, DELETED, np.int64)
    of_byte[:128], of_byte[START] = characters.slots[:128], start_slot
    slots = graph("Gather", of_byte, flat, name="ascii_slots")

    # Few bytes begin a character of several, so only those are looked at.
    is_lead = np.arange(START + 1) > 0xC1
    is_lead[START] = False
    leads = graph("Squeeze", graph("NonZero", graph("Gather", is_lead, flat)), [0], name="leads")  # [K]
    lead = graph("Gather", flat, leads)
    positions = graph("Add", graph("Unsqueeze", leads, [1]), [1, 2, 3])
    following = graph("Gather", padded(graph, flat, FOLLOWING), positions, name="following")  # [K, 3]
    bits, weights, least, continuation = _utf8_tables()
    weighed = graph("Mul", graph("Gather", continuation, following), graph("Gather", weights, lead))
    code = graph("Add", graph("Gather", bits, lead), graph("ReduceSum", weighed, [1], keepdims=0))
    too_small = graph("Less", code, graph("Gather", least, lead))
    code = graph("Where", too_small, CODE_POINTS, graph("Min", code, CODE_POINTS), name="code_points")  # [K]

    of_place, shift_of_page = characters.pages()
    shift = graph("Gather", shift_of_page, graph("Div", code, PAGE))
    found = graph("Gather", of_place, graph("Add", code, shift), name="lead_slots")
    return graph("ScatterElements", slots, leads, found, name="slots")


def padded(graph: GraphBuilder, flat: Tensor, count: int) -> Tensor:
    """Return flat [F] with so many marks behind it, so that windows may reach over its end."""
    return graph("Concat", flat, [START] * count, axis=0, name="padded_bytes")


def _utf8_tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """By the first byte: its bits, the weights of the next three, the least code point; by a further byte its bits."""
    bits, least = np.zeros(START + 1, np.int64), np.full(START + 1, np.iinfo(np.int64).max)
    weights = np.zeros((START + 1, FOLLOWING), np.int64)
    for more, (first, end, smallest) in enumerate([(0xC2, 0xE0, 0x80), (0xE0, 0xF0, 0x800), (0xF0, 0xF5, 0x10000)], 1):
        leads = np.arange(first, end)
        bits[leads] = (leads & (0x3F >> more)) << 6 * more
        least[leads] = smallest
        weights[leads, :more] = 64 ** np.arange(more)[::-1]
    continuation = np.full(START + 1, WRONG)
    continuation[0x80:0xC0] = np.arange(0x40)
    return bits, weights, least, continuation
