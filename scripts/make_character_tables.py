"""Freeze what Hugging Face's Rust library and tensorflow-text's kernel do to every single character.

    python scripts/make_character_tables.py          # writes tfbert/tokenization/characters/data/characters.npz

Nothing of BERT's rules is written down here: the library's normalizer and pre-tokenizer are run on each code point, so
that Unicode versions and slips in ranges come out as they are. The file makes tfbert independent of the Unicode version
of the Python that runs it; `tests/tokenization/test_character_tables.py` makes it anew and compares.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text
import tokenizers
from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import NFD, BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

FILE = Path(__file__).resolve().parent.parent / "tfbert" / "tokenization" / "characters" / "data" / "characters.npz"
STEPS = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
CODE_POINTS = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
LETTER, ISOLATED, SPACE = 0, 1, 2


def normalizer(**steps: bool) -> Callable[[str], str]:
    """Return the library's normalizer with only the given steps on."""
    return BertNormalizer(**{step: steps.get(step, False) for step in STEPS}).normalize_str


def changes(step: str) -> dict[int, str]:
    """Return what one step makes of each code point that it changes."""
    normalize = normalizer(**{step: True})
    return {code: output for code in CODE_POINTS if (output := normalize(chr(code))) != chr(code)}


def check_composition(maps: dict[str, dict[int, str]], codes: Iterable[int]) -> None:
    """Make sure that all sixteen normalizers are the four steps, one after the other, character by character."""
    for flags in itertools.product((True, False), repeat=4):
        on = dict(zip(STEPS, flags))
        normalize = normalizer(**on)
        for code in codes:
            text = chr(code)
            for step in STEPS:
                if on[step]:
                    text = "".join(maps[step].get(ord(character), character) for character in text)
            if text != normalize(chr(code)):
                raise SystemExit(f"U+{code:04X} with {on}: steps give {text!r}, the library {normalize(chr(code))!r}.")


def split_kinds() -> np.ndarray:
    """Return how the library's pre-tokenizer takes each code point between two letters."""
    split = BertPreTokenizer().pre_tokenize_str
    kinds = np.zeros(0x110000, np.int8)
    for code in CODE_POINTS:
        kinds[code] = {1: LETTER, 3: ISOLATED, 2: SPACE}[len(split(f"a{chr(code)}b"))]
    return kinds


def word_characters() -> np.ndarray:
    """Return 1 for each code point that keeps the library from finding a `single_word` token beside it."""
    library = Tokenizer(WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    library.add_tokens([AddedToken("x", single_word=True, normalized=False)])
    found = library.encode_batch_fast([f"{chr(code)}x" for code in CODE_POINTS])
    kinds = np.zeros(0x110000, np.int8)
    kinds[CODE_POINTS] = [1 not in encoding.ids for encoding in found]
    return kinds


def mark_classes(maps: dict[str, dict[int, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the marks that NFD puts in order and accent stripping leaves, and the rank of each in that order."""
    decompose = NFD().normalize_str
    lowest, highest = "\u0334", "\u0345"  # of the canonical combining classes 1 and 240, the first and the last
    marks = [
        code
        for code in CODE_POINTS
        if code not in maps["strip_accents"]
        and (
            decompose(chr(code) + lowest) == lowest + chr(code) or decompose(highest + chr(code)) == chr(code) + highest
        )
    ]
    ranks = [
        sum(decompose(chr(mark) + chr(other)) == chr(other) + chr(mark) != 2 * chr(mark) for other in marks)
        for mark in marks
    ]
    return np.array(marks, np.int32), np.array(ranks, np.int32)


def kernel_kinds() -> np.ndarray:
    """Return how tensorflow-text's wordpiece kernel takes each code point between two letters."""
    probe = tf_text.FastWordpieceTokenizer(vocab=["[UNK]", "a", "b", "##z"], token_out_type=tf.int32)
    codes = CODE_POINTS[1:]  # NUL is never left as it is
    counts = probe.tokenize(tf.constant([f"a{chr(code)}b".encode() for code in codes])).row_lengths().numpy()
    kinds = np.zeros(0x110000, np.int8)
    kinds[codes] = np.array([LETTER, LETTER, SPACE, ISOLATED], np.int8)[counts]
    return kinds


def runs(kinds: np.ndarray) -> np.ndarray:
    """Return [start, kind] of each run of equal kinds, int32 [R, 2]."""
    starts = np.flatnonzero(np.diff(kinds, prepend=-1))
    return np.stack([starts, kinds[starts]], axis=1).astype(np.int32)


def flat(mapping: dict[int, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (code points, length of each output, all outputs' code points one after the other)."""
    outputs = list(mapping.values())
    codes = [ord(character) for output in outputs for character in output]
    return (
        np.array(list(mapping), np.int32),
        np.array([len(output) for output in outputs], np.int32),
        np.array(codes, np.int32),
    )


def make_tables() -> dict[str, np.ndarray]:
    """Return the arrays of the file."""
    maps = {step: changes(step) for step in STEPS}
    if any(output not in ("", " ") for output in maps["clean_text"].values()):
        raise SystemExit("Cleaning does something else than deleting and making spaces.")
    if any(output != f" {chr(code)} " for code, output in maps["handle_chinese_chars"].items()):
        raise SystemExit("Chinese characters are not set off by spaces.")
    cleaned, chinese = np.zeros(0x110000, np.int8), np.zeros(0x110000, np.int8)
    for code, output in maps["clean_text"].items():
        cleaned[code] = 1 if output == "" else 2
    chinese[list(maps["handle_chinese_chars"])] = 1
    tables = {
        "clean_runs": runs(cleaned),
        "chinese_runs": runs(chinese),
        "split_runs": runs(split_kinds()),
        "kernel_runs": runs(kernel_kinds()),
        "word_runs": runs(word_characters()),
        "versions": np.array([f"tokenizers {tokenizers.__version__}", f"tensorflow-text {tf_text.__version__}"]),
    }
    tables["mark_codes"], tables["mark_ranks"] = mark_classes(maps)
    for step in ("strip_accents", "lowercase"):
        tables[f"{step}_from"], tables[f"{step}_lengths"], tables[f"{step}_to"] = flat(maps[step])
    return tables


def main() -> None:
    """Write the file."""
    check_composition({step: changes(step) for step in STEPS}, CODE_POINTS)
    FILE.parent.mkdir(exist_ok=True)
    np.savez_compressed(FILE, **make_tables())
    print(f"{FILE}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
