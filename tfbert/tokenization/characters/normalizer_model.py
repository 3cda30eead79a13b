"""The constant that tensorflow-text's FastBertNormalize reads: what each character becomes."""

from __future__ import annotations

from collections.abc import Callable

import flatbuffers
import numpy as np

from tfbert.tokenization.characters.character_tables import (
    CODE_POINTS,
    DELETED,
    ISOLATED,
    LETTER,
    CharacterOutputs,
    code_point_of,
    kind_of,
    split_kinds,
)
from tfbert.tokenization.characters.double_array import ABSENT, DoubleArray
from tfbert.tokenization.characters.spelling import Spelling

REPLACEMENT = 1 << 30  # set in every value; alone, it deletes
SET_APART = 1 << 21  # beside a code point: with a blank on either side


def spelled_normalizer(outputs: CharacterOutputs, spelling: Spelling) -> np.ndarray:
    """Return the model that normalises text and spells it for the wordpiece kernel.

    Args:
        outputs: `CharacterOutputs`.
        spelling: `Spelling`.

    Returns:
        uint8 [size], a flatbuffer.
    """
    return _model(outputs, spelling.of)


def plain_normalizer(outputs: CharacterOutputs) -> np.ndarray:
    """Return the model that normalises text as the Rust library's normalizer does, blanks around Chinese included.

    Args:
        outputs: `CharacterOutputs`.

    Returns:
        uint8 [size], a flatbuffer.
    """
    split = split_kinds()

    def spell(symbols: np.ndarray) -> np.ndarray:
        characters = code_point_of(symbols)
        chinese = (kind_of(symbols) == ISOLATED) & (split[characters] == LETTER)
        return np.where(chinese, characters | SET_APART, characters)

    return _model(outputs, spell)


def _model(outputs: CharacterOutputs, spell: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The model where `spell` gives the code point that stands for each symbol; `SET_APART` puts blanks around it."""
    pool = bytearray()
    values = {"": REPLACEMENT}

    def value_of(codes: np.ndarray) -> int:
        replacement = "".join(map(_text_of, codes.tolist()))
        if replacement not in values:
            encoded = replacement.encode()
            values[replacement] = REPLACEMENT | len(pool) << 6 | len(encoded)
            pool.extend(encoded)
        return values[replacement]

    table = np.full(CODE_POINTS, ABSENT, np.int32)
    table[outputs.single == DELETED] = REPLACEMENT
    one = np.flatnonzero(outputs.single >= 0)
    spelled = spell(outputs.single[one])
    changed = spelled != one
    value_of_spelled = np.zeros(2 * SET_APART, np.int32)
    value_of_spelled[spelled[changed]] = 1
    distinct = np.flatnonzero(value_of_spelled)
    value_of_spelled[distinct] = [value_of(code) for code in distinct.reshape(-1, 1)]
    table[one[changed]] = value_of_spelled[spelled[changed]]
    if outputs.several:
        ends = np.cumsum([len(several) for several in outputs.several.values()])
        joined = spell(np.concatenate([np.array(several) for several in outputs.several.values()]))
        for code, codes in zip(outputs.several, np.split(joined, ends[:-1])):
            table[code] = value_of(codes)
    ill_formed = REPLACEMENT
    if outputs.ill_formed != DELETED:
        ill_formed = value_of(spell(np.array([outputs.ill_formed])))
    return _flatbuffer(DoubleArray(table, ill_formed).units, nul_value=int(table[0]), pool=bytes(pool))


def _text_of(spelled: int) -> str:
    character = chr(spelled & ~SET_APART)
    return f" {character} " if spelled & SET_APART else character


def _flatbuffer(units: np.ndarray, nul_value: int, pool: bytes) -> np.ndarray:
    """Fields: a flag, the double array, the value of NUL (which no key can hold), the pool of replacements."""
    builder = flatbuffers.Builder(units.nbytes + len(pool) + 1024)
    array = builder.CreateNumpyVector(units)
    strings = builder.CreateNumpyVector(np.frombuffer(pool or b"\0", np.uint8))
    builder.StartObject(4)
    builder.PrependBoolSlot(0, True, False)
    builder.PrependUOffsetTRelativeSlot(1, array, 0)
    builder.PrependInt32Slot(2, 0 if nul_value == ABSENT else nul_value, 0)
    builder.PrependUOffsetTRelativeSlot(3, strings, 0)
    builder.Finish(builder.EndObject())
    return np.frombuffer(bytes(builder.Output()), np.uint8)
