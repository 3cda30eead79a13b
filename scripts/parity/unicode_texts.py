"""Texts made from the running Python's Unicode database; each function returns the same list every time."""

from __future__ import annotations

import functools
import itertools
import random
import unicodedata

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
CJK_BLOCKS = [
    (0x2E80, 0x2FDF), (0x2FF0, 0x2FFF), (0x3000, 0x303F), (0x3040, 0x30FF), (0x3100, 0x312F), (0x31A0, 0x31FF),
    (0x3200, 0x33FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),
    (0x16FE0, 0x187F7), (0x1AFF0, 0x1B16F), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF), (0x2CEB0, 0x2EBEF), (0x2EBF0, 0x2EE5F), (0x2F800, 0x2FA1F), (0x30000, 0x3134F),
    (0x31350, 0x323AF),
]  # fmt: skip
SCRIPT_BLOCKS = [
    (0x0590, 0x05FF), (0x0600, 0x06FF), (0x0700, 0x074F), (0x0750, 0x077F), (0x0780, 0x07BF), (0x07C0, 0x07FF),
    (0x0800, 0x085F), (0x0860, 0x08FF), (0x0900, 0x097F), (0x0980, 0x09FF), (0x0A00, 0x0A7F), (0x0A80, 0x0AFF),
    (0x0B00, 0x0B7F), (0x0B80, 0x0BFF), (0x0C00, 0x0C7F), (0x0C80, 0x0CFF), (0x0D00, 0x0D7F), (0x0D80, 0x0DFF),
    (0x0E00, 0x0E7F), (0x0E80, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1200, 0x139F), (0x1700, 0x177F),
    (0x1780, 0x17FF), (0x1800, 0x18AF), (0x1A00, 0x1AFF), (0x1B00, 0x1BFF), (0x1C00, 0x1CFF), (0xA800, 0xABFF),
    (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF), (0x10800, 0x10FFF), (0x11000, 0x11FFF), (0x1E800, 0x1E95F), (0x1EC70, 0x1EEFF),
]  # fmt: skip


def code_points(pattern: str) -> list[str]:
    """Return every code point but the surrogates, each in the place of the star of the pattern."""
    before, after = pattern.split("*")
    return [f"{before}{chr(code)}{after}" for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def lively_blocks(texts: list[str]) -> list[str]:
    """Return those of all code points' texts whose code points are below U+3400 or in U+FB00 to U+FFFF."""
    surrogates = 0x800  # not in the list
    return texts[:0x3400] + texts[0xFB00 - surrogates : 0x10000 - surrogates]


@functools.cache
def assigned() -> tuple[str, ...]:
    """Return all characters that have a name of their own or a category other than unassigned and private."""
    return tuple(c for c in code_points("*") if unicodedata.category(c) not in ("Cn", "Co"))


@functools.cache
def marks() -> tuple[str, ...]:
    """Return all characters of category M."""
    return tuple(c for c in assigned() if unicodedata.category(c)[0] == "M")


def normalization() -> list[str]:
    """Return the lines that Unicode's NormalizationTest is made of: all four forms, and marks in every order."""
    texts = []
    for character in assigned():
        forms = {unicodedata.normalize(form, character) for form in FORMS}
        if len(forms) > 1 or character not in forms:
            for form in sorted(forms | {character}):
                texts += [form, f"a{form}\u0301b"]
        if unicodedata.combining(character):
            for order in (f"a\u0315\u0300\u05ae{character}b", f"a{character}\u0315\u0300\u05aeb"):
                texts += [order, *sorted({unicodedata.normalize(form, order) for form in FORMS} - {order})]
    return texts


def combining() -> list[str]:
    """Return letters under piles of marks, in any order, also with characters in between that cleaning removes."""
    rng = random.Random(1)
    texts = [f"{base}{mark}x {mark}{base}" for mark in marks() for base in ("a", "é", "नि")]
    bases = ("a", "E", "ñ", "Ω", "й", "א", "ب", "क", "ก", "한", "北", "!", " ", "\u200d", "")
    for _ in range(12000):
        parts = [rng.choice(bases)]
        for _ in range(rng.randint(1, 6)):
            parts.append(rng.choice(marks()) if rng.random() < 0.8 else rng.choice(bases))
        texts.append("".join(parts) * rng.randint(1, 2))
    return texts


def hangul() -> list[str]:
    """Return syllables whole, taken apart and half put together, compatibility and half-width jamo."""
    rng = random.Random(2)
    lead, vowel, tail = (range(0x1100, 0x1160), range(0x1160, 0x11A8), range(0x11A8, 0x1200))
    jamo = [*map(chr, [*lead, *vowel, *tail, *range(0x3130, 0x3190), *range(0xA960, 0xA980), *range(0xD7B0, 0xD800)])]
    jamo += [chr(code) for code in range(0xFFA0, 0xFFDD)]
    texts = []
    for code in range(0xAC00, 0xD7A4):
        syllable = chr(code)
        texts.append(f"{syllable}{unicodedata.normalize('NFD', syllable)}{chr(rng.choice(tail))}")
    for _ in range(4000):
        syllables = [chr(rng.randrange(0xAC00, 0xD7A4)) for _ in range(rng.randint(1, 6))]
        form = unicodedata.normalize(rng.choice(FORMS), "".join(syllables))
        texts += [form, "".join(rng.choices(jamo, k=rng.randint(1, 8))), form + rng.choice(jamo) + " " + form]
    return texts


def emoji() -> list[str]:
    """Return emoji alone, joined, coloured, as key caps, flags and tag sequences, and broken ones of each."""
    rng = random.Random(3)
    pictures = [c for c in assigned() if unicodedata.category(c) == "So" and ord(c) > 0x2000]
    glue = [
        "\u200d",
        "\ufe0f",
        "\ufe0e",
        "\u20e3",
        *map(chr, range(0x1F3FB, 0x1F400)),
        *map(chr, range(0xE0020, 0xE0080)),
    ]
    texts = [
        "👩\u200d👩\u200d👧\u200d👦",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "1\ufe0f\u20e3",
    ]
    texts += [f"{mine}{other}" for mine, other in itertools.product(map(chr, range(0x1F1E6, 0x1F200)), repeat=2)]
    for _ in range(8000):
        parts = []
        for _ in range(rng.randint(1, 6)):
            parts += [rng.choice(pictures), rng.choice(glue) if rng.random() < 0.7 else rng.choice(" a#1.")]
        texts.append("".join(parts))
    return texts


def casing() -> list[str]:
    """Return every character that has another case, in all of its cases, and words that case-folding is known for."""
    words = [
        "İstanbul ISTANBUL ıIiİ", "Straße STRASSE ẞ ß", "ΟΔΟΣ ΟΔΌΣ. ὈΔΥΣΣΕΎΣ Σ", "ſtraſſe ﬅ ﬆ", "ᏣᎳᎩ ꮳꮃꭹ Ᏼ",
        "საქართველო ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ Ⴀⴀ", "ǅ ǆ Ǆ ŉ ǰ ΐ ΰ և ﬀ ﬃ", "K Å Ω", "Ⅷ ⅷ Ⓐ ⓐ", "𐐀 𐐨 𞤀 𞤢", "ᾳ ᾼ ΑΙ ͅ",
    ]  # fmt: skip
    texts = [*words, *(change(word) for word in words for change in (str.lower, str.upper, str.title, str.casefold))]
    for character in assigned():
        cases = {character.lower(), character.upper(), character.title(), character.casefold()} - {character}
        for text in sorted(cases and {character, *cases}):
            texts += [text, f"a{text}B", f"{text}\u0307 {text}{text}"]
    return texts


def _mixtures(seed: int, blocks: list[tuple[int, int]], extra: str, count: int) -> list[str]:
    """Return texts that stay in one block for the most part, with a few characters of `extra` among them."""
    rng = random.Random(seed)
    texts = [f"a{chr(code)}{chr(code + 1)} {chr(code)}" for first, last in blocks for code in (first - 1, first, last)]
    for _ in range(count):
        block = rng.choice(blocks)
        characters = []
        for _ in range(rng.randint(1, 30)):
            stray = rng.random()
            if stray < 0.25:
                characters.append(rng.choice(extra))
            else:
                characters.append(chr(rng.randint(*(block if stray < 0.9 else rng.choice(blocks)))))
        texts.append("".join(characters))
    return texts


def cjk() -> list[str]:
    """Return ideographs, kana and their punctuation, of all blocks."""
    return _mixtures(4, CJK_BLOCKS, "  aZ9.、。「」\u3000\u3099\u309a\ufe00\U000e0100", 8000)


def scripts() -> list[str]:
    """Return texts in scripts that run from right to left, stack their letters or write no spaces."""
    return _mixtures(5, SCRIPT_BLOCKS, "   az1.\u200c\u200d\u200e\u200f\u061c\u2067\u2069\u0640\u064b", 12000)
