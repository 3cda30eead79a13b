"""The characters that text and vocabulary have inside the kernels, so that words split as BERT splits them.

tensorflow-text's wordpiece kernel splits words by its own idea of white space, punctuation and Chinese characters.
Where that differs from BERT's, the normalizer puts another character out, and the vocabulary is spelled with it, too.
"""

from __future__ import annotations

import dataclasses
import itertools
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
ISOLATED_CODES = range(0x2F800, 0x2FA20)
PRIVATE_USE = range(0xE000, 0xF900)
LETTER_CODES = (PRIVATE_USE, range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE))


@dataclasses.dataclass(frozen=True)
class Spelling:
    """The code point that stands for each letter and for each isolated character.

    Args:
        letters: int64 [0x110000].
        isolated: int64 [0x110000].
        known: bool [0x110000]. The characters that some piece holds; all other letters may share one code.
    """

    letters: np.ndarray
    isolated: np.ndarray
    known: np.ndarray

    def of(self, symbols: np.ndarray) -> np.ndarray:
        """Return the code points that stand for symbols."""
        characters, kinds = code_point_of(symbols), kind_of(symbols)
        spelled = np.where(kinds == LETTER, self.letters[characters], self.isolated[characters])
        return np.where(kinds == SPACE, ord(" "), spelled)


def make_spelling(outputs: CharacterOutputs, pieces: Iterable[str]) -> Spelling:
    """Keep every character as it is, but for those that the kernel would take for something else.

    Args:
        outputs: `CharacterOutputs`.
        pieces: Iterable of str. The vocabulary.

    Returns:
        `Spelling`.

    Raises:
        ValueError: If the vocabulary has more characters that need another spelling than there are: some 130,000
            letters, or 544 isolated characters.
    """
    emitted = outputs.symbols()
    known = np.zeros(CODE_POINTS, bool)
    known[[ord(character) for character in set().union(*pieces)]] = True
    by_kind = {}
    for kind, stays, codes in (
        (LETTER, _letters_that_stay(), itertools.chain(*LETTER_CODES)),
        (ISOLATED, _isolated_that_stay(known), ISOLATED_CODES),
    ):
        free = (code for code in codes if kernel_kinds()[code] == kind and not stays[code])
        characters = code_point_of(emitted[kind_of(emitted) == kind])
        renamed = characters[known[characters] & ~stays[characters]]
        unknown, *new = _take(free, 1 + len(renamed))
        by_kind[kind] = np.where(stays, np.arange(CODE_POINTS), unknown)  # what no piece holds can only make [UNK]
        by_kind[kind][renamed] = new
    return Spelling(by_kind[LETTER], by_kind[ISOLATED], known)


def _letters_that_stay() -> np.ndarray:
    stays = kernel_kinds() == LETTER
    stays[[0x00, 0x11]] = False  # NUL ends a key of the kernel's table, its model keeps U+0011 for itself
    for taken in LETTER_CODES:
        stays[taken.start : taken.stop] = False
    return stays


def _isolated_that_stay(known: np.ndarray) -> np.ndarray:
    stays = kernel_kinds() == ISOLATED
    block = slice(ISOLATED_CODES.start, ISOLATED_CODES.stop)
    stays[block] &= known[block]
    return stays


def _take(codes: Iterator[int], count: int) -> list[int]:
    taken = list(itertools.islice(codes, count))
    if len(taken) < count:
        raise ValueError(f"`vocab_list` has too many different characters: {count} need another spelling.")
    return taken
