"""Finds added tokens in text by regular expressions, and cuts the text around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import tensorflow as tf

from tfbert.tokenization.characters.character_tables import word_ranges

# No characters (Unicode, 23.7), so that some are free to mark what was found.
NONCHARACTERS = [chr(plane << 16 | last) for plane in range(16, 0, -1) for last in (0xFFFF, 0xFFFE)]
WHITE_SPACE = r"[\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]"
FIELDS = 4  # of a found token: the text before it, white space it takes from there, itself, white space behind it


class Literal(NamedTuple):
    """A text to find, and what is done where it is found.

    Args:
        content: str. The text.
        id: int. Its id.
        touching: str or None. A class of characters; where one touches it, it is plain text.
        lstrip, rstrip: bool. Whether it takes the white space on that side along.
        plain: bool. It is plain text everywhere, yet no other literal is found inside it.
    """

    content: str
    id: int
    touching: str | None = None
    lstrip: bool = False
    rstrip: bool = False
    plain: bool = False


class LiteralFinder:
    """Cuts texts around literals: the leftmost first, and of those that begin together the longest.

    Args:
        literals: Sequence of `Literal`.
        pieces: Iterable of str. The vocabulary, whose characters cannot serve as marks.

    Raises:
        ValueError: If there are no characters left for marks.

    Source: `AddedVocabulary` of Hugging Face tokenizers, whose rules apply in the same order.
    """

    def __init__(self, literals: Sequence[Literal], pieces: Iterable[str]):
        taken = set().union(*pieces, *(literal.content for literal in literals))
        free = [character for character in NONCHARACTERS if character not in taken]
        if len(free) < 3:
            raise ValueError(
                "`vocab_list` holds nearly all of Unicode's noncharacters, U+1FFFE to U+10FFFF; leave some out."
            )
        self._separator = free[0]
        self._steps = list(_steps(literals, *free[:3]))

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Cut texts [N] into ragged fields [N, (4 * found + 1)]; joined, the fields of a row are its text."""
        for pattern, rewrite in self._steps:
            text = tf.strings.regex_replace(text, pattern, rewrite)
        return tf.strings.split(text, sep=self._separator)


def word_character() -> str:
    """Return the class of characters that make up words in the Rust library: letters, marks, digits, underscore."""
    return "[" + "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in word_ranges()) + "]"


def not_white_space() -> str:
    """Return the class of all characters but white space."""
    return WHITE_SPACE.replace("[", "[^", 1)


def _steps(literals: Sequence[Literal], begin: str, end: str, stand_in: str):
    """Yield (pattern, rewrite): mark what is found, take marks away again, take white space along, level the marks."""
    yield f"[{begin}{end}]", stand_in  # all three are letters of no piece
    yield f"({_any_of(literals)})", rf"{begin}{begin}\1{end}{end}"

    def marked(choose: Callable[[Literal], bool]) -> str:
        chosen = [literal for literal in literals if choose(literal)]
        return f"{begin}{begin}({_any_of(chosen)}){end}{end}" if chosen else ""

    if plain := marked(lambda literal: literal.plain):
        yield plain, r"\1"
    for touching in dict.fromkeys(literal.touching for literal in literals if literal.touching):
        if alone := marked(partial(_stands_alone, touching)):
            # Twice, since a literal that is rewritten cannot in the same pass be the neighbour of the next.
            yield from 2 * [(f"({touching}(?:{end}{end})?){alone}", r"\1\2")]
            yield from 2 * [(f"{alone}((?:{begin}{begin})?{touching})", r"\1\2")]
    if right := marked(lambda literal: literal.rstrip):
        yield f"{right}({WHITE_SPACE}*)", rf"{begin}{begin}\1{end}\2{end}"
    if left := marked(lambda literal: literal.lstrip):
        yield f"({WHITE_SPACE}*){left[: -len(end)]}", rf"{begin}\1{begin}\2{end}"
    yield end, begin


def _stands_alone(touching: str, literal: Literal) -> bool:
    return literal.touching == touching and not literal.plain


def _any_of(literals: Sequence[Literal]) -> str:
    """A pattern for any of the literals, the longest first, since the first that matches wins."""
    by_length = sorted((literal.content for literal in literals), key=len, reverse=True)
    return "(?:" + "|".join(map(re.escape, by_length)) + ")"
