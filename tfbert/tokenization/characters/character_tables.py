"""What BERT's normalizer and pre-tokenizer make of each character, for any options; read from a frozen table.

A character's output is a sequence of symbols. A symbol is a character and the way it splits words, packed into one int:
`kind << 21 | code point`. The table is made by `scripts/make_character_tables.py`.
"""

from __future__ import annotations

import dataclasses
import functools
from importlib import resources

import numpy as np

CODE_POINTS = 0x110000
SURROGATES = slice(0xD800, 0xE000)
LETTER, ISOLATED, SPACE = 0, 1, 2  # stays inside a word; is a word by itself; parts words
DELETED = -1
SEVERAL = -2


@dataclasses.dataclass(frozen=True, kw_only=True)
class NormalizerOptions:
    """The four switches of BERT's normalizer, by the names of the Rust library; all off leaves text as it is.

    Args:
        clean_text: bool. Delete control characters, make every white space a blank.
        handle_chinese_chars: bool. Set each Chinese character apart.
        strip_accents: bool. Decompose (NFD) and delete marks.
        lowercase: bool.
    """

    clean_text: bool = False
    handle_chinese_chars: bool = False
    strip_accents: bool = False
    lowercase: bool = False


@dataclasses.dataclass(frozen=True)
class CharacterOutputs:
    """The output of every character.

    Args:
        single: int32 [0x110000]. The one symbol of a character; `DELETED` for none, `SEVERAL` for more.
        several: dict from code point to tuple of symbols.
    """

    single: np.ndarray
    several: dict[int, tuple[int, ...]]

    @property
    def ill_formed(self) -> int:
        """The symbol of an ill-formed byte sequence, or `DELETED`: what U+FFFD becomes, as which it is decoded."""
        return int(self.single[0xFFFD])

    def symbols(self) -> np.ndarray:
        """Return all symbols that occur, sorted."""
        seen = np.zeros(3 << 21, bool)
        seen[self.single[self.single >= 0]] = True
        seen[[symbol for output in self.several.values() for symbol in output]] = True
        return np.flatnonzero(seen)


def kind_of(symbols: np.ndarray) -> np.ndarray:
    """Return `LETTER`, `ISOLATED` or `SPACE` for each symbol."""
    return symbols >> 21


def code_point_of(symbols: np.ndarray) -> np.ndarray:
    """Return the character of each symbol."""
    return symbols & 0x1FFFFF


@functools.lru_cache(maxsize=16)
def character_outputs(options: NormalizerOptions) -> CharacterOutputs:
    """Return what every character becomes.

    Args:
        options: `NormalizerOptions`.

    Returns:
        `CharacterOutputs`.
    """
    split = split_kinds().astype(np.int32)
    codes = np.arange(CODE_POINTS, dtype=np.int32)
    single = split << 21 | codes
    chinese = np.zeros(CODE_POINTS, bool)
    if options.handle_chinese_chars:
        chinese = _expanded("chinese") == 1
        single[chinese] = ISOLATED << 21 | codes[chinese]

    maps = [_mapping(step) for step in ("strip_accents", "lowercase") if getattr(options, step)]
    several: dict[int, tuple[int, ...]] = {}
    for code in set().union(*maps):
        output: tuple[int, ...] = (code,)
        for mapping in maps:
            output = tuple(new for old in output for new in mapping.get(old, (old,)))
        kinds = (ISOLATED,) * len(output) if chinese[code] else tuple(split[list(output)])
        symbols = tuple(int(kind) << 21 | new for kind, new in zip(kinds, output))
        single[code] = symbols[0] if len(symbols) == 1 else SEVERAL if symbols else DELETED
        if len(symbols) > 1:
            several[code] = symbols

    if options.clean_text:
        cleaned = _expanded("clean")
        for code in set(several) & set(np.flatnonzero(cleaned).tolist()):
            del several[code]
        single[cleaned == 1] = DELETED
        single[cleaned == 2] = SPACE << 21 | ord(" ")
    single[SURROGATES] = DELETED  # no character: valid UTF-8 cannot hold one
    return CharacterOutputs(single, several)


def split_kinds() -> np.ndarray:
    """Return how BERT's pre-tokenizer splits at each code point, int8 [0x110000]."""
    return _expanded("split")


def kernel_kinds() -> np.ndarray:
    """Return how tensorflow-text's wordpiece kernel splits at each code point, int8 [0x110000]."""
    return _expanded("kernel")


def word_ranges() -> list[tuple[int, int]]:
    """Return the ranges (first, last) of the characters that words are made of, as the Rust library sees it."""
    return _ranges(_expanded("word") == 1)


def mark_ranks() -> dict[int, int]:
    """Return the marks that accent stripping leaves and decomposition (NFD) sorts, and the rank of each there."""
    tables = _tables()
    return dict(zip(tables["mark_codes"].tolist(), tables["mark_ranks"].tolist()))


def _ranges(chosen: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(chosen.astype(np.int8), prepend=0, append=0))
    return [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]


@functools.lru_cache(maxsize=1)
def _tables() -> dict[str, np.ndarray]:
    path = resources.files("tfbert.tokenization.characters") / "data" / "characters.npz"
    with path.open("rb") as file, np.load(file) as arrays:
        return dict(arrays)


@functools.lru_cache(maxsize=2)
def _mapping(step: str) -> dict[int, tuple[int, ...]]:
    tables = _tables()
    outputs = tables[f"{step}_to"].tolist()
    ends = np.cumsum(tables[f"{step}_lengths"]).tolist()
    sources = tables[f"{step}_from"].tolist()
    return {code: tuple(outputs[start:end]) for code, start, end in zip(sources, [0, *ends[:-1]], ends)}


@functools.lru_cache(maxsize=8)
def _expanded(name: str) -> np.ndarray:
    runs = _tables()[f"{name}_runs"]
    expanded = np.repeat(runs[:, 1].astype(np.int8), np.diff(runs[:, 0], append=CODE_POINTS))
    expanded.flags.writeable = False  # every caller gets this one
    return expanded
