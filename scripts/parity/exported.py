"""Compare the tokenizer inside an ONNX or LiteRT file with the layer, over the texts of `scripts.parity`.

    python -m scripts.parity.exported --form onnx
    python -m scripts.parity.exported --form litert --sample 2000

Single texts, whole, and pairs, cut to a few tokens. The file runs in a process of its own: ONNX without TensorFlow,
LiteRT without tfbert. LiteRT takes special tokens in a text for plain text, and so does the layer where there is one.
Exit status 1 if ids differ for any text.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from scripts.parity import corpora
from scripts.parity.compare import ALL_OPTIONS, Options
from scripts.parity.exported_runner import INPUTS
from scripts.parity.odd_texts import SPECIAL_TOKENS
from scripts.parity.report import readable
from scripts.parity.vocabularies import VOCABULARIES, adversarial, uncased

ROWS, CHARACTERS = 1024, 1 << 20  # of a batch: at most so many texts, and so many characters with padding
WHOLE, CUT = 1 << 20, 32  # max_length of single texts and of pairs
SAMPLE, LONGEST = 500, 20_000  # for each of many options and vocabularies, the texts of a category, their characters
N_ADVERSARIAL = 48
SHOWN = 3


class Exported:
    """A tokenizer in a file, in a process of its own, beside the layer.

    Args:
        form: str. "onnx" or "litert".
        vocabulary: list of str.
        options: `Options`.

    Raises:
        ValueError: If the form cannot be exact with this vocabulary and these options.
    """

    def __init__(self, form: str, vocabulary: list[str], options: Options):
        from tfbert.layers import FastBertTokenizer

        def layer(segments: int, **others: bool) -> FastBertTokenizer:
            length = CUT if segments == 2 else WHOLE
            return FastBertTokenizer(vocabulary, max_length=length, **options._asdict(), **others)

        self._form = form
        self._layers = {}
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for segments in (1, 2):
                names = INPUTS[:segments]
                paths.append(Path(folder) / f"{segments}")
                paths[-1].write_bytes(_file(form, layer(segments), names))
                for has_special in {False, form == "litert"}:
                    self._layers[segments, has_special] = _traced(
                        layer(segments, split_special_tokens=has_special), names
                    )
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scripts.parity.exported_runner", form, *map(str, paths)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            self._wrong(1, [[""]], False)  # has the files read

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def wrong(self, texts: corpora.Texts, segments: int) -> list[str]:
        """Return the texts that the file takes otherwise than the layer."""
        decoded = [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts]
        found = []
        for has_special in (False, True) if self._form == "litert" else (False,):
            chosen = decoded
            if self._form == "litert":
                chosen = [text for text in decoded if any(token in text for token in SPECIAL_TOKENS) == has_special]
            for batch in _batches(chosen):
                columns = [batch, [*batch[1:], batch[0]]][:segments]
                found += [batch[row] for row in self._wrong(segments, columns, has_special)]
        return found

    def _wrong(self, segments: int, columns: list[list[str]], has_special: bool) -> list[int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((segments - 1, columns), self._process.stdin, protocol=5)
        self._process.stdin.flush()
        tensors = [tf.constant([text.encode() for text in column], tf.string) for column in columns]
        expected = {name: ids.numpy() for name, ids in self._layers[segments, has_special](*tensors).items()}
        got = pickle.load(self._process.stdout)
        if set(got) != set(expected):
            raise RuntimeError(f"The file returns {sorted(got)}; the layer returns {sorted(expected)}.")
        differs = np.zeros(len(columns[0]), bool)
        for name, want in expected.items():
            differs |= _differing_rows(got[name], want)
        return np.flatnonzero(differs).tolist()


def _file(form: str, tokenizer, names: tuple[str, ...]) -> bytes:
    if form == "onnx":
        from tfbert.export.onnx.text_front import text_front

        return text_front(tokenizer, names).SerializeToString()
    from tfbert.export.litert.convert import convert

    return convert({"tokenize": _traced(tokenizer.for_litert(), names).get_concrete_function()}, [])


def _traced(tokenizer, names: tuple[str, ...]):
    return tf.function(tokenizer.__call__, input_signature=[tf.TensorSpec([None], tf.string, name) for name in names])


def _batches(texts: list[str]) -> Iterator[list[str]]:
    """Yield texts of like length together, so that a long one does not make many rows as long as itself."""
    texts = sorted(texts, key=len)
    first = 0
    while first < len(texts):
        last = min(first + ROWS, len(texts))
        while last - first > 1 and (last - first) * len(texts[last - 1]) > CHARACTERS:
            last = (first + last) // 2
        yield texts[first:last]
        first = last


def _differing_rows(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    if got.dtype != want.dtype or len(got) != len(want):
        raise RuntimeError(f"The file returns {got.dtype.name} {got.shape}; the layer {want.dtype.name} {want.shape}.")
    width = max(got.shape[1], want.shape[1])
    got, want = (np.pad(ids, ((0, 0), (0, width - ids.shape[1])), constant_values=-1) for ids in (got, want))
    return (got != want).any(axis=1)


class Counts:
    """Prints a line for each result, and keeps the sums."""

    def __init__(self):
        self.texts = self.wrong = 0
        print(f"{'category':<26} {'vocabulary':<24} {'strings':>10} {'single':>8} {'pairs':>8} {'s':>7}")

    def add(self, category: str, name: str, texts: int, wrong: list[list[str]], seconds: float) -> None:
        """Print a result: the texts that went wrong, alone and in pairs."""
        self.texts, self.wrong = self.texts + texts, self.wrong + sum(map(len, wrong))
        single, pairs = (f"{len(found):,}" for found in wrong)
        print(f"{category:<26} {name:<24} {texts:>10,} {single:>8} {pairs:>8} {seconds:>7.1f}", flush=True)
        for text in [text for found in wrong for text in found[:SHOWN]]:
            print(f"  {readable(text.encode())}")


def compare(exported: Exported, texts: corpora.Texts) -> list[list[str]]:
    """Return the texts that come out wrong alone, and those that do in pairs."""
    return [exported.wrong(texts, segments) for segments in (1, 2)]


def full_runs(wanted: argparse.Namespace, counts: Counts) -> dict[str, corpora.Texts]:
    """Compare all texts under the three large vocabularies; return the samples for the other runs."""
    samples = {}
    with contextlib.ExitStack() as stack:
        sides = {}
        for name in wanted.vocabulary:
            if name in VOCABULARIES:
                make, options = VOCABULARIES[name]
                sides[name] = stack.enter_context(contextlib.closing(Exported(wanted.form, make(), options)))
        for category in wanted.category:
            texts = corpora.sample(corpora.CATEGORIES[category](), wanted.sample)
            samples[category] = [text[:LONGEST] for text in corpora.sample(texts, SAMPLE, seed=1)]
            for name, exported in sides.items():
                start = time.monotonic()
                counts.add(category, name, len(texts), compare(exported, texts), time.monotonic() - start)
    return samples


def sampled_runs(
    form: str, name: str, cases: list[tuple[list[str], Options]], texts: corpora.Texts, counts: Counts
) -> None:
    """Compare the samples under many cases, and count those that the form refuses."""
    wrong: list[list[str]] = [[], []]
    refused: list[str] = []
    start = time.monotonic()
    for vocabulary, options in cases:
        try:
            exported = Exported(form, vocabulary, options)
        except ValueError as error:
            refused.append(str(error))
            continue
        with contextlib.closing(exported):
            wrong = [before + found for before, found in zip(wrong, compare(exported, texts))]
    taken = len(cases) - len(refused)
    counts.add(f"samples of all, x {taken}", name, taken * len(texts), wrong, time.monotonic() - start)
    for reason in sorted(set(refused)):
        print(f"  {refused.count(reason)} refused: {reason}")


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.parity.exported", description=__doc__.splitlines()[0])
    parser.add_argument("--form", choices=("onnx", "litert"), required=True)
    parser.add_argument("--sample", type=int, metavar="N", help="at most N texts of each category")
    names = [*VOCABULARIES, "options", "adversarial"]
    parser.add_argument("--vocabulary", action="append", choices=names, help="may be given more than once")
    parser.add_argument("--category", action="append", choices=list(corpora.CATEGORIES), help="likewise")
    wanted = parser.parse_args(arguments)
    wanted.vocabulary, wanted.category = wanted.vocabulary or names, wanted.category or list(corpora.CATEGORIES)

    counts, start = Counts(), time.monotonic()
    samples = [text for texts in full_runs(wanted, counts).values() for text in texts]
    if "options" in wanted.vocabulary:
        cases = [(uncased(), options) for options in ALL_OPTIONS]
        sampled_runs(wanted.form, "uncased x options", cases, samples, counts)
    if "adversarial" in wanted.vocabulary:
        cases = [(adversarial(seed), ALL_OPTIONS[seed % len(ALL_OPTIONS)]) for seed in range(N_ADVERSARIAL)]
        sampled_runs(wanted.form, "adversarial x options", cases, samples, counts)
    print(f"{counts.wrong:,} of {counts.texts:,} strings, each alone and in a pair. {time.monotonic() - start:.0f} s")
    return 1 if counts.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
