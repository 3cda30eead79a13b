"""Texts that nobody writes and programs meet: ill-formed bytes, control characters, endless words, random noise."""

from __future__ import annotations

import itertools
import random

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SPACES = "\t\n\x0b\x0c\r \x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000\u180e"
REMOVED = (
    "\x00\x01\x07\x08\x11\x1b\x7f\x80\x9f\xad\u061c\u200b\u200c\u200d\u200e\u2060\u2066\ufeff\ufff9\ufffd\ue000\uf8ff"
)
ILL_FORMED = [
    b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf",  # overlong
    b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xed\xa0",  # surrogates
    b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf7\xbf\xbf\xbf",  # beyond U+10FFFF
    b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xfe", b"\xff", b"\xfe\xff", b"\xff\xfe",  # 5 bytes on
    b"\xe4\xb8", b"\xf0\x9f", b"\xf0\x9f\x98", b"\xc3", b"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41",  # cut off
]  # fmt: skip
ALPHABETS = [
    [(0x20, 0x7E)], [(0x61, 0x66)], [(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60)], [(0, 0xFF)], [(0xA0, 0x24F)],
    [(0x250, 0x36F)], [(0x370, 0x5FF)], [(0x600, 0x8FF)], [(0x900, 0xEFF)], [(0xF00, 0x17FF)], [(0x1AB0, 0x1FFF)],
    [(0x2000, 0x206F)], [(0x2070, 0x2BFF)], [(0x2DE0, 0x303F)], [(0x3040, 0x33FF)], [(0x4E00, 0x9FFF)],
    [(0xA000, 0xABFF)], [(0xAC00, 0xD7FF)], [(0xE000, 0xF8FF)], [(0xF900, 0xFFFF)], [(0x10000, 0x1FFFF)],
    [(0x20000, 0x323AF)], [(0xE0000, 0xE01EF)], [(0xF0000, 0x10FFFF)],
]  # fmt: skip


def spaces_and_controls() -> list[str]:
    """Return empty texts, white space and characters that cleaning removes, alone, in pairs, in and around words."""
    rng = random.Random(11)
    odd = SPACES + REMOVED
    texts = ["", "a", *odd, *(f"{c}a" for c in odd), *(f"a{c}" for c in odd), *(f"a{c}b" for c in odd)]
    texts += [f"{first}{second}" for first, second in itertools.product(odd, repeat=2)]
    texts += [f"a{first}{second}b" for first, second in itertools.product(odd, repeat=2)]
    texts += ["".join(rng.choices(odd + "aaaa..é北", k=rng.randint(1, 20))) for _ in range(6000)]
    return texts + [c * n for c in odd for n in (10, 1000)]


def invalid_utf8() -> list[bytes]:
    """Return every lone byte, every start of a sequence followed by every kind of byte, and all of it within text."""
    rng = random.Random(12)
    texts = [*(bytes([byte]) for byte in range(256)), *(b"a%cb" % byte for byte in range(256)), *ILL_FORMED]
    texts += [bytes(pair) for pair in itertools.product(range(0x80, 0x100), (0x00, 0x20, 0x41, *range(0x7F, 0x100)))]
    for text in ("é", "北", "😀", "\u0301", "[MASK]"):
        whole = text.encode()
        for cut in range(len(whole)):
            texts += [whole[:cut], whole[cut:], b"a" + whole[:cut] + b"b", whole[:cut] * 3 + whole, whole[cut:] + whole]
    good = ["a", "word", " ", "é", "北京", "😀", "[MASK]", "[SEP]", "\ufffd", "\u0301", "\x00", "한", "א"]
    for _ in range(12000):
        parts = []
        for _ in range(rng.randint(1, 8)):
            pick = rng.random()
            if pick < 0.5:
                parts.append(rng.choice(good).encode())
            elif pick < 0.75:
                parts.append(rng.choice(ILL_FORMED))
            else:
                parts.append(rng.randbytes(rng.randint(1, 4)))
        texts.append(b"".join(parts))
    return texts


def special_tokens() -> list[str | bytes]:
    """Return special tokens in text: whole, within words, side by side, nested, broken, in the wrong case."""
    rng = random.Random(13)
    texts: list[str | bytes] = ["[MA SK]", "[[MASK]]", "[MASK]]", "[ MASK ]", "[MASK", "MASK]", "[]", "[", "]", "[M]"]
    for token in SPECIAL_TOKENS:
        texts += [
            token,
            f"a{token}b",
            f"a {token} b",
            token * 3,
            token.lower(),
            token.title(),
            f"[{token}]",
            f"é{token}",
        ]
        texts += [f"{token}{other}" for other in SPECIAL_TOKENS] + [f"{token} {other}" for other in SPECIAL_TOKENS]
        texts += [
            token[:cut] + odd + token[cut:] for cut in range(len(token) + 1) for odd in SPACES + REMOVED + "\u0301é"
        ]
        texts += [
            token[:cut].encode() + bad + token[cut:].encode() for cut in range(len(token) + 1) for bad in ILL_FORMED
        ]
        texts += ["x" * 99 + token, "x" * 101 + token + "x" * 100, token + "é" * 101, "北" + token + "京"]
    pieces = [
        *SPECIAL_TOKENS,
        *(token.lower() for token in SPECIAL_TOKENS),
        "[",
        "]",
        "MASK",
        "SEP",
        " ",
        "a",
        "Ünï",
        "##",
    ]
    pieces += ["\u0301", "\u200d", "北", "\ue000", "\ufffd", "\x00", "word", ".", "한국", "\t"]
    texts += ["".join(rng.choices(pieces, k=rng.randint(1, 12))) for _ in range(10000)]
    return texts


def long_words() -> list[str]:
    """Return words of about 100 characters, 100 bytes and 400 bytes, in several scripts, also with odd parts inside."""
    texts = []
    for letter in (
        "x",
        "Z",
        "é",
        "е",
        "א",
        "ก",
        "क",
        "한",
        "各",
        "𐐀",
        "𞤀",
        "\u0301",
        "e\u0301",
        "\ue000",
        "İ",
        "1",
        "ß",
    ):
        width = len(letter.encode())
        counts = {n for size in (1, width, len(letter)) for n in range(99 // size - 1, 102 // size + 2)}
        counts |= {n // width for n in range(396, 406)} | {n // 4 for n in range(396, 406)} | {33, 34, 50, 51, 128, 129}
        for count in sorted(counts):
            word = letter * count
            texts += [
                word,
                f"a {word} b",
                f"{word}.",
                f".{word}",
                f"{word}s",
                f"a{word}",
                f"{word} {word}x",
                word + "各",
            ]
            texts += [
                word[:50] + odd + word[50:] for odd in ("\u200d", "\x00", "\u0301", ".", " ", "é", "\ufffd", "北")
            ]
    return texts


def very_long() -> list[str]:
    """Return texts of up to a million characters."""
    rng = random.Random(14)
    words = [
        "the",
        "Tokenizer",
        "é",
        "北京",
        "naïve",
        "한국어",
        "[MASK]",
        "unaffable",
        ".",
        "ก" * 40,
        "\u200d",
        "x" * 101,
    ]
    texts = [
        unit * (size // len(unit))
        for size in (10_000, 200_000)
        for unit in ("a", "a ", "é", "北", ".", "\u0301", "\x00")
    ]
    return [*texts, *(" ".join(rng.choices(words, k=count)) for count in (1000, 10_000, 100_000, 250_000))]


def fuzz(count: int, with_special_tokens: bool = False) -> list[str]:
    """Return random texts whose alphabet changes every few characters.

    Args:
        count: int. How many.
        with_special_tokens: bool. Strew in special tokens and parts of them.
    """
    rng = random.Random(15 + with_special_tokens)
    strays = [" ", " ", "a", ".", "\u0301", "\u200d", "#", "##"]
    strays += [*SPECIAL_TOKENS, "[", "]", "[MASK"] if with_special_tokens else []
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(rng.randint(1, 6)):
            first, last = rng.choice(rng.choice(ALPHABETS))
            codes = [rng.randint(first, last) for _ in range(rng.randint(1, 5))]
            parts.append("".join(map(chr, codes)).encode("utf-8", "ignore").decode() + rng.choice(strays))
        texts.append("".join(parts))
    return texts


def of_pieces(pieces: list[str], count: int) -> list[str]:
    """Return texts put together from the pieces of a vocabulary, so that its rarest characters meet.

    Args:
        pieces: list of str.
        count: int. How many texts.
    """
    rng = random.Random(17)
    texts = []
    for _ in range(count):
        chosen = rng.choices(pieces, k=rng.randint(1, 12))
        texts.append(
            "".join(rng.choice(("", "", "", " ")) + (p if rng.random() < 0.1 else p.removeprefix("##")) for p in chosen)
        )
    return texts
