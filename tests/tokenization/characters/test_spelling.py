"""The characters that text and vocabulary are spelled with."""

import numpy as np
import pytest

from tfbert.tokenization.characters.character_tables import (
    ISOLATED,
    NormalizerOptions,
    character_outputs,
    kernel_kinds,
    kind_of,
)
from tfbert.tokenization.characters.double_array import ABSENT, HAS_VALUE, DoubleArray
from tfbert.tokenization.characters.spelling import make_spelling

PLAIN = NormalizerOptions(clean_text=True)
CYRILLIC = [chr(code) for code in range(0x400, 0x460)]
MANY = [chr(code) for code in range(0xAC00, 0xAC00 + 9000)]


@pytest.mark.parametrize("pieces", [CYRILLIC, MANY, ["北", "京", "#", "、", "\ue000", "\U0002fa1e", "a"]])
def test_spelling_keeps_characters_apart_and_the_kernel_splits_as_bert_does(pieces):
    outputs = character_outputs(PLAIN)
    spelling = make_spelling(outputs, pieces)
    symbols = outputs.symbols()
    symbols = symbols[kind_of(symbols) < 2]
    spelled = spelling.of(symbols)
    np.testing.assert_array_equal(kernel_kinds()[spelled], kind_of(symbols))
    known = symbols[spelling.known[symbols & 0x1FFFFF]]
    assert len(set(spelling.of(known))) == len(known)
    others = symbols[~spelling.known[symbols & 0x1FFFFF]]
    assert not set(spelling.of(known)) & set(spelling.of(others))


def test_too_many_letters_are_refused():
    with pytest.raises(ValueError, match="too many different characters"):
        make_spelling(character_outputs(NormalizerOptions()), [chr(c) for c in range(0x20000, 0x110000)])


def test_punctuation_that_the_kernel_takes_for_letters_is_renamed():
    outputs = character_outputs(PLAIN)
    isolated = [symbol & 0x1FFFFF for symbol in outputs.symbols() if symbol >> 21 == ISOLATED]
    unlike = [code for code in isolated if kernel_kinds()[code] != ISOLATED]
    spelling = make_spelling(outputs, map(chr, unlike))
    assert unlike
    assert all(spelling.isolated[code] != code for code in unlike)


def looked_up(units, key):
    """The value of a key in a Darts double array, by its definition."""
    position = 0
    for byte in key:
        position ^= (int(units[position]) >> 10) & 0x1FFFFF
        position ^= byte
        if position >= len(units) or int(units[position]) & 0xFF != byte or int(units[position]) >> 31:
            return None
    unit = int(units[position])
    return int(units[position ^ ((unit >> 10) & 0x1FFFFF)]) & 0x7FFFFFFF if unit & HAS_VALUE else None


def test_double_array_holds_every_character_and_every_broken_one():
    values = np.full(0x110000, ABSENT, np.int32)
    changed = [1, ord("a"), 0x80, 0x7FF, 0x800, 0x4E00, 0xFFFF, 0x10000, 0x2F800, 0x10FFFF]
    values[changed] = np.arange(len(changed)) + 5
    units = DoubleArray(values, ill_formed=3).units
    for index, code in enumerate(changed):
        assert looked_up(units, chr(code).encode()) == index + 5, hex(code)
    for kept in ("b", "é", "北", "😀"):
        assert looked_up(units, kept.encode()) is None
    for broken in (b"\x80", b"\xc3", b"\xe4\xb8", b"\xf0\x9f\x98", b"\xff", b"\xc0"):
        assert looked_up(units, broken) == 3
