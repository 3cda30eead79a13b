"""The categories of text: a name and a function that makes the list, so that one list at a time is in memory."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from scripts.parity import natural_texts, odd_texts, unicode_texts

Texts = list[str | bytes]


def drawn(count: int) -> Texts:
    """Return texts drawn by hypothesis."""
    from scripts.parity import hypothesis_texts  # takes a second to import

    return hypothesis_texts.drawn(count)


CODE_POINTS: dict[str, Callable[[], Texts]] = {
    "code point alone": partial(unicode_texts.code_points, "*"),
    "code point in a word": partial(unicode_texts.code_points, "a*b"),
    "code point between words": partial(unicode_texts.code_points, "a * c"),
}
MADE: dict[str, Callable[[], Texts]] = {
    "normalization": unicode_texts.normalization,
    "combining marks": unicode_texts.combining,
    "hangul": unicode_texts.hangul,
    "emoji": unicode_texts.emoji,
    "casing": unicode_texts.casing,
    "cjk": unicode_texts.cjk,
    "scripts": unicode_texts.scripts,
    "spaces and controls": odd_texts.spaces_and_controls,
    "invalid utf-8": odd_texts.invalid_utf8,
    "special tokens": odd_texts.special_tokens,
    "long words": odd_texts.long_words,
    "very long": odd_texts.very_long,
    "fuzz": partial(odd_texts.fuzz, 300_000),
    "fuzz, special tokens": partial(odd_texts.fuzz, 100_000, with_special_tokens=True),
    "hypothesis": partial(drawn, 200_000),
}
NATURAL: dict[str, Callable[[], Texts]] = {
    "english docstrings": natural_texts.docstrings,
    "locale data": natural_texts.locales,
    "translations": natural_texts.translations,
    "installation guide": natural_texts.guide,
}
CATEGORIES = {**NATURAL, **MADE, **CODE_POINTS}


def sample(texts: Texts, count: int | None, seed: int = 0) -> Texts:
    """Return so many of the texts, always the same ones; all of them if there are not more."""
    if count is None or count >= len(texts):
        return texts
    return random.Random(seed).sample(texts, count)
