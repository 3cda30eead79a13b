"""Ask a SavedModel, a LiteRT and an ONNX file of one model with the same byte strings, and compare their answers.

    python -m scripts.parity.answers                 # 55,000 strings, half a minute
    python -m scripts.parity.answers --strings 2000

A small classifier with random weights and the vocabulary of all-MiniLM-L6-v2. Strings are random bytes, ill-formed
UTF-8, control characters, NUL, text of all scripts, endless words, and special tokens (which LiteRT takes for plain
text, so that those stay out of its share); batches of none, one and many rows, and one of a megabyte. Exit status 1 if
an answer differs, by more than 1e-5 in numbers.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from scripts.parity import odd_texts
from scripts.parity.vocabularies import uncased

TOLERANCE = 1e-5


def make_task(seed: int):
    """Return a classifier with random weights and a real vocabulary."""
    import keras

    from tfbert import BertConfig, TFBertForSequenceClassification
    from tfbert.layers import FastBertTokenizer
    from tfbert.tasks import TextClassifier

    keras.utils.set_random_seed(seed)
    pieces = uncased()
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=len(pieces), num_labels=5, initializer_range=0.2, **sizes)
    return TextClassifier(TFBertForSequenceClassification(config), FastBertTokenizer(pieces, max_length=64))


def strings(count: int, rng: random.Random) -> list[bytes]:
    """Return byte strings of every kind."""
    texts = [*odd_texts.invalid_utf8(), *(text.encode() for text in odd_texts.spaces_and_controls())]
    texts = rng.sample(texts, min(len(texts), count // 2))
    while len(texts) < count:
        kind = rng.random()
        if kind < 0.5:
            text = rng.randbytes(rng.randint(0, 60))
        elif kind < 0.9:
            ranges = rng.choice(odd_texts.ALPHABETS)
            characters = [chr(rng.randint(*rng.choice(ranges))) for _ in range(rng.randint(0, 40))]
            text = "".join(characters).encode("utf-8", "surrogatepass")
        elif kind < 0.95:
            text = b" ".join(rng.choice([b"a", b"[MASK]", b"[SEP]x", b"x[CLS]", "é".encode()]) for _ in range(8))
        else:
            text = rng.choice([b"a", "ü".encode(), "北".encode(), b"\0", b"\xff"]) * rng.randint(90, 3000)
        texts.append(text)
    rng.shuffle(texts)
    return texts


def batches(texts: list[bytes], rng: random.Random) -> Iterator[list[bytes]]:
    """Yield batches of no, one and up to a hundred texts, and at last one of a megabyte."""
    start = 0
    while start < len(texts):
        size = rng.choice([0, 1, 2, 7, 32, 100])
        yield texts[start : start + size]
        start += size
    yield [b"word " * 200_000, b"", b"\xe4" * 1_000_000]


def main() -> int:
    """Compare, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.parity.answers", description=__doc__.splitlines()[0])
    parser.add_argument("--strings", type=int, default=55_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    import tensorflow as tf

    from tfbert.export.formats import open_file
    from tfbert.tasks.served_task import ServedTask

    rng, task, start = random.Random(args.seed), make_task(args.seed), time.time()
    counts = {".tflite": 0, ".onnx": 0}
    wrong = dict.fromkeys(counts, 0)
    with tempfile.TemporaryDirectory() as folder:
        saved = ServedTask(task.export(Path(folder) / "saved")).loaded.signatures["serving_default"]
        files = {
            suffix: open_file(task.export(Path(folder) / f"model{suffix}", format=form), threads=2)
            for suffix, form in ((".tflite", "litert"), (".onnx", "onnx"))
        }
        for batch in batches(strings(args.strings, rng), rng):
            for suffix, model in files.items():
                given = batch
                if suffix == ".tflite":
                    given = [
                        text for text in batch if not any(one.encode() in text for one in odd_texts.SPECIAL_TOKENS)
                    ]
                expected = {name: values.numpy() for name, values in saved(text=tf.constant(given, tf.string)).items()}
                read = model.read_columns(given)
                found = model.answer(read)
                counts[suffix] += len(given)
                wrong[suffix] += len(given) - int(same_rows(expected, found).sum())
    for suffix, count in counts.items():
        print(f"{suffix}: {wrong[suffix]} of {count:,} answers differ")
    print(f"{time.time() - start:.0f} s")
    return int(any(wrong.values()))


def same_rows(expected: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> np.ndarray:
    """Which rows of two answers are the same, bool [B]."""
    logits = (
        np.abs(expected["logits"] - found["logits"]).max(axis=1, initial=0.0) if len(found["logits"]) else np.zeros(0)
    )
    scale = np.maximum(1.0, np.abs(expected["logits"]).max(axis=1, initial=0.0))
    return logits <= TOLERANCE * scale


if __name__ == "__main__":
    sys.exit(main())
