"""Texts drawn by `hypothesis`, which likes the odd ones; the same ones every time."""

from __future__ import annotations

import hypothesis
from hypothesis import strategies as st

from scripts.parity.odd_texts import ILL_FORMED, REMOVED, SPACES, SPECIAL_TOKENS

WORDS = ("the", "Tokenizer", "naïve", "Straße", "ΟΔΟΣ", "北京", "한국어", "नमस्ते", "שלום", "don't", "##ing", "x" * 100)
CHARACTERS = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.characters(categories=["Lu", "Ll", "Lt", "Lm", "Lo"]),
    st.characters(categories=["Mn", "Mc", "Me"]),
    st.characters(categories=["Cc", "Cf", "Co", "Zs", "Zl", "Zp"]),
    st.characters(categories=["Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"]),
    st.sampled_from("abcABC  ..##[]'0123" + SPACES + REMOVED),
)
PARTS = st.one_of(CHARACTERS, CHARACTERS, CHARACTERS, st.sampled_from([*WORDS, *SPECIAL_TOKENS]))
TEXTS = st.lists(PARTS, max_size=10).map("".join)
BYTES = st.lists(st.one_of(PARTS.map(str.encode), st.sampled_from(ILL_FORMED), st.binary(max_size=4)), max_size=8)
STRINGS = st.one_of(TEXTS, TEXTS, BYTES.map(b"".join))


def drawn(count: int, at_once: int = 100) -> list[str | bytes]:
    """Return texts drawn by hypothesis, the same ones at each call.

    Args:
        count: int. How many.
        at_once: int. How many make up one example: many, since an example costs more than a text.
    """
    texts: list[str | bytes] = []

    @hypothesis.settings(
        max_examples=-(-count // at_once),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    # Unless told that they must differ, hypothesis draws the same few texts again and again.
    @hypothesis.given(st.lists(STRINGS, min_size=at_once, max_size=at_once, unique=True))
    def collect(batch):
        texts.extend(batch)

    collect()
    return texts[:count]
