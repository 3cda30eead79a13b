"""The characters that text and vocabulary have inside the kernels, so that words split as BERT splits them.

tensorflow-text's wordpiece kernel splits words by its own idea of white space, punctuation and Chinese characters.
Where that differs from BERT's, the normalizer puts another character out, and the vocabulary is spelled with it, too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np

from tfbert.tokenization.characters.character_tables import (
    CODE_POINTS,
    ISOLATED,
    LETTER,
    SPACE,
    CharacterOutputs,
    code_point_of,
    kernel_kinds,
    kind_of,
)

# The kernel takes these for Chinese characters, whatever they are: each is a word by itself.
ISOLATED_CODES = range(0x2F800, 0x2FA1E)
UNKNOWN_ISOLATED = 0x2FA1E
PRIVATE_USE = range(0xE000, 0xF900)
PRIVATE_PLANES = (range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE))
# Letters that all take the same number of bytes let the kernel's limit, in bytes, count characters.
LETTER_CODES = {
    None: (PRIVATE_USE, *PRIVATE_PLANES),
    2: (range(0x80, 0x800),),
    3: (PRIVATE_USE, range(0xA000, 0xD7A4), range(0x1000, 0x3000)),
    4: PRIVATE_PLANES,
}


@dataclasses.dataclass(frozen=True)
class Spelling:
    """The code point that stands for each letter and for each isolated character.

    Args:
        letters: int64 [0x110000].
        isolated: int64 [0x110000].
        known: bool [0x110000]. The characters that some piece holds; all other letters may share one code.
        letter_bytes: int or None. The length of every letter, or None where letters keep their own.
    """

    letters: np.ndarray
    isolated: np.ndarray
    known: np.ndarray
    letter_bytes: int | None

    def of(self, symbols: np.ndarray) -> np.ndarray:
        """Return the code points that stand for symbols."""
        characters, kinds = code_point_of(symbols), kind_of(symbols)
        spelled = np.where(kinds == LETTER, self.letters[characters], self.isolated[characters])
        return np.where(kinds == SPACE, ord(" "), spelled)


def native_spelling(outputs: CharacterOutputs, pieces: Iterable[str]) -> Spelling:
    """Keep every letter as it is, but for those at which the kernel would split.

    Args:
        outputs: `CharacterOutputs`.
        pieces: Iterable of str. The vocabulary.

    Returns:
        `Spelling`.
    """
    return _spelling(outputs, pieces, None)


def fixed_width_spelling(outputs: CharacterOutputs, pieces: Iterable[str]) -> Spelling:
    """Spell every letter in the same number of bytes, the fewest that suffice.

    Args:
        outputs: `CharacterOutputs`.
        pieces: Iterable of str. The vocabulary.

    Returns:
        `Spelling`.

    Raises:
        ValueError: If the vocabulary has more than some 131,000 different letters.
    """
    pieces = list(pieces)
    for letter_bytes in (2, 3, 4):
        try:
            return _spelling(outputs, pieces, letter_bytes)
        except OverflowError as error:
            refusal = error
    raise ValueError(f"`vocab_list` has too many different characters: {refusal}") from refusal


def _spelling(outputs: CharacterOutputs, pieces: Iterable[str], letter_bytes: int | None) -> Spelling:
    emitted = outputs.symbols()
    known = np.zeros(CODE_POINTS, bool)
    known[[ord(character) for character in set().union(*pieces)]] = True
    kernel = kernel_kinds()
    letter_codes = (code for codes in LETTER_CODES[letter_bytes] for code in codes if kernel[code] == LETTER)
    unknown_letter = next(letter_codes)
    by_kind = {}
    for kind, stays, unknown, codes in (
        (LETTER, _letters_that_stay(letter_bytes), unknown_letter, letter_codes),
        (ISOLATED, _isolated_that_stay(), UNKNOWN_ISOLATED, iter(ISOLATED_CODES)),
    ):
        spelled = np.where(stays, np.arange(CODE_POINTS), unknown)  # what no piece holds can only make [UNK]
        characters = code_point_of(emitted[kind_of(emitted) == kind])
        renamed = characters[known[characters] & ~stays[characters]]
        spelled[renamed] = _take(codes, len(renamed), letter_bytes)
        by_kind[kind] = spelled
    return Spelling(by_kind[LETTER], by_kind[ISOLATED], known, letter_bytes)


def _letters_that_stay(letter_bytes: int | None) -> np.ndarray:
    if letter_bytes is not None:
        return np.zeros(CODE_POINTS, bool)
    stays = kernel_kinds() == LETTER
    stays[0] = False  # a key of the kernel's table cannot hold NUL
    for taken in LETTER_CODES[None]:
        stays[taken.start : taken.stop] = False
    return stays


def _isolated_that_stay() -> np.ndarray:
    stays = kernel_kinds() == ISOLATED
    stays[ISOLATED_CODES.start : UNKNOWN_ISOLATED + 1] = False
    return stays


def _take(codes: Iterator[int], count: int, letter_bytes: int | None) -> list[int]:
    taken = [code for _, code in zip(range(count), codes)]
    if len(taken) < count:
        raise OverflowError(f"{count} characters do not fit into codes of {letter_bytes or 'any number of'} bytes.")
    return taken
