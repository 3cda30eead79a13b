"""What stands for each character in the text that the word piece op reads.

The op parts words at blanks only. So a character that is a word by itself gets blanks around it, and wherever a word
ends there stands a word of its own, a mark, by which an unknown word is told from the pieces of the word before it.
Marks are made of white space other than the blank, which no word of a text holds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from tfbert.tokenization.characters.character_tables import (
    CODE_POINTS,
    LETTER,
    SPACE,
    CharacterOutputs,
    code_point_of,
    kind_of,
)

WORD_END, TEXT_START, UNKNOWN_LETTER, LITERAL = "\n", "\t", "\v", "\r"
MARKS = (WORD_END, TEXT_START, UNKNOWN_LETTER, LITERAL)
DELETED = 0  # its slot
PAGE = 64  # code points whose slots stand together; equal pages are kept once


@dataclasses.dataclass(frozen=True)
class CharacterMap:
    """The slot of every character, and the text of every slot.

    Args:
        texts: list of str [K]. What stands for a character; "" at slot 0, for those that are deleted.
        slots: int64 [0x110000]. The slot of each code point.
    """

    texts: list[str]
    slots: np.ndarray

    def pages(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the slots by pages, so that they take little room.

        Returns:
            The slots of all distinct pages, int64 [pages * 64]; and what is added to a code point to find its slot
            there, by the page that it is of, int64 [0x110000 / 64 + 1]. The last page is for what is no code point.
        """
        every = np.concatenate([self.slots, np.full(PAGE, DELETED)]).reshape(-1, PAGE)
        distinct: dict[bytes, int] = {}
        which = np.array([distinct.setdefault(page.tobytes(), len(distinct)) for page in every])
        return np.frombuffer(b"".join(distinct), np.int64), (which - np.arange(len(every))) * PAGE


def make_character_map(outputs: CharacterOutputs, pieces: Iterable[str]) -> CharacterMap:
    r"""Return what stands for each character.

    Args:
        outputs: `CharacterOutputs`.
        pieces: Iterable of str. The vocabulary; all letters that it lacks stand as the same unknown one.

    Returns:
        `CharacterMap`.

    Example:
        >>> from tfbert.tokenization.characters.character_tables import NormalizerOptions, character_outputs
        >>> outputs = character_outputs(NormalizerOptions(lowercase=True))
        >>> characters = make_character_map(outputs, ["a"])
        >>> [characters.texts[characters.slots[ord(character)]] for character in "Ab!"]
        ['a', '\x0b', ' \n \x0b \n ']
    """
    known = np.zeros(CODE_POINTS, bool)
    known[[ord(character) for character in set().union(*pieces)]] = True
    unknown = ord(UNKNOWN_LETTER)

    def text_of(symbol: int) -> str:
        kind, character = symbol >> 21, chr(symbol & 0x1FFFFF)
        if kind == SPACE:
            return f" {WORD_END} "
        character = character if known[ord(character)] else UNKNOWN_LETTER
        return character if kind == LETTER else isolated(character)

    symbols = np.maximum(outputs.single, 0)
    symbols = np.where(known[code_point_of(symbols)], symbols, kind_of(symbols) << 21 | unknown)
    distinct, which = np.unique(np.where(outputs.single < 0, -1, symbols), return_inverse=True)
    slot_of = {"": DELETED}

    def slot(text: str) -> int:
        return slot_of.setdefault(text, len(slot_of))

    slots = np.array([slot(text_of(symbol) if symbol >= 0 else "") for symbol in distinct.tolist()])[which]
    for code, several in outputs.several.items():
        slots[code] = slot("".join(map(text_of, several)))
    return CharacterMap(list(slot_of), slots.astype(np.int64))


def isolated(word: str) -> str:
    """Return what stands for a word that ends the word before it and begins none after it."""
    return f" {WORD_END} {word} {WORD_END} "
