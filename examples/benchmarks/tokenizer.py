"""How fast the tokenizer is, beside Hugging Face's Rust library and tensorflow-text's own FastBertTokenizer.

    python examples/benchmarks/tokenizer.py            # needs `pip install tokenizers babel`, fetches a vocabulary

Word piece ids without padding, the same texts for all, in turns; each figure is the median of the rounds, each ratio
the median of the ratios within a round. Texts are tensors for TensorFlow and lists of str for the library, as they come
there. Then: seconds to build the layer, megabytes of a SavedModel with nothing else in it.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text
import tokenizers

from examples import assets
from scripts.parity import natural_texts
from tfbert.layers import FastBertTokenizer

SIGNATURE = [tf.TensorSpec([None], tf.string)]
PIPELINE_REPEATS = 40  # passes of a data pipeline at a time, since to start one takes as long as 4,000 texts
TOTAL_BYTES = 600_000  # of text in one pass, at most


def corpora() -> dict[str, list[str]]:
    """Texts of three kinds: a name with the mean length, and as many texts as a pass takes."""
    paragraphs = natural_texts.docstrings()
    kinds = {
        "short English": [text.split("\n")[0] for text in paragraphs],
        "long English": ["\n\n".join(paragraphs[i : i + 12]) for i in range(0, len(paragraphs), 12)],
        "multilingual": natural_texts.locales(),
    }
    chosen = {}
    for name, texts in kinds.items():
        order = np.random.default_rng(0).permutation(len(texts))
        texts = [texts[index] for index in order if texts[index]]
        cumulative = np.cumsum([len(text.encode()) for text in texts])
        chosen[name] = texts[: int(np.searchsorted(cumulative, TOTAL_BYTES)) + 1]
    return chosen


class Contender(NamedTuple):
    """A tokenizer under test: `prepare` makes of texts and a batch size what `run` is then timed on."""

    prepare: Callable
    run: Callable
    threads: int
    repeats: int = 1


def contenders(folder: str) -> dict[str, Contender]:
    """The library, stock tensorflow-text and tfbert, called batch by batch; tfbert in a data pipeline, too."""
    layer = FastBertTokenizer.from_pretrained(folder)
    layer.tokenize(["build it once"])
    tf_text_layer = tf_text.FastBertTokenizer(
        layer.vocab_list, token_out_type=tf.int32, lower_case_nfd_strip_accents=True
    )
    exact = tf.function(lambda text: layer.tokenize(text).values, SIGNATURE, autograph=False)
    stock = tf.function(lambda text: tf_text_layer.tokenize(text).flat_values, SIGNATURE, autograph=False)
    rust = tokenizers.Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    rust.no_truncation()
    rust.no_padding()

    def encode(parallel: str, all_batches: list) -> None:
        os.environ["TOKENIZERS_PARALLELISM"] = parallel
        for batch in all_batches:
            rust.encode_batch_fast(batch, add_special_tokens=False)

    def call(function: Callable, all_batches: list) -> None:
        for batch in all_batches:
            function(batch)

    def pipeline(threads: int, texts: list[str], batch_size: int) -> Callable:
        options = tf.data.Options()
        options.threading.private_threadpool_size = threads
        dataset = tf.data.Dataset.from_tensor_slices(texts).batch(batch_size)
        dataset = dataset.map(exact, num_parallel_calls=threads).with_options(options)
        dataset = dataset.repeat(PIPELINE_REPEATS)
        return tf.function(lambda: dataset.reduce(0, lambda total, ids: total + tf.size(ids)))

    return {
        "tokenizers, 1 thread": Contender(batches, partial(encode, "false"), 1),
        "tfbert, call, 1 thread": Contender(tensors, partial(call, exact), 1),
        "stock tf-text, call, 1 thread": Contender(tensors, partial(call, stock), 1),
        "tfbert, tf.data, 1 thread": Contender(partial(pipeline, 1), lambda run: run(), 1, PIPELINE_REPEATS),
        "tokenizers, 2 threads": Contender(batches, partial(encode, "true"), 2),
        "tfbert, tf.data, 2 threads": Contender(partial(pipeline, 2), lambda run: run(), 2, PIPELINE_REPEATS),
    }


def batches(texts: list[str], batch_size: int) -> list[list[str]]:
    """Texts in lists of a batch each."""
    return [texts[i : i + batch_size] for i in range(0, len(texts), batch_size)]


def tensors(texts: list[str], batch_size: int) -> list[tf.Tensor]:
    """Texts in tensors of a batch each."""
    return [tf.constant(batch) for batch in batches(texts, batch_size)]


def measure(texts: list[str], batch_size: int, runners: dict[str, Contender], rounds: int) -> None:
    """Print what each contender does a second, and how that compares with the library on as many threads."""
    texts = texts[: 4096 if batch_size > 1 else 256]
    prepared = {name: runner.prepare(texts, batch_size) for name, runner in runners.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runners}
    for turn in range(rounds + 1):
        for name, runner in runners.items():
            start = time.perf_counter()
            runner.run(prepared[name])
            if turn:  # the first round warms up
                seconds[name].append((time.perf_counter() - start) / runner.repeats)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    for name, own in seconds.items():
        threads = runners[name].threads
        theirs = seconds["tokenizers, 1 thread" if threads == 1 else "tokenizers, 2 threads"]
        median = statistics.median(own)
        print(
            f"  {name:<30} {len(texts) / median:>10,.0f} texts/s {megabytes / median:>7.1f} MB/s "
            f"{ratio(theirs, own):>6.1f} x tokenizers"
        )
    print(
        f"  tfbert is {ratio(seconds['stock tf-text, call, 1 thread'], seconds['tfbert, call, 1 thread']):.2f} x stock"
    )


def ratio(others: list[float], own: list[float]) -> float:
    """How many times faster than the others, as the median over the rounds."""
    return statistics.median(other / mine for other, mine in zip(others, own))


def build_and_save(name: str, vocabulary: list[str]) -> None:
    """Print the seconds to build a layer and the size of its SavedModel."""
    start = time.perf_counter()
    layer = FastBertTokenizer(vocabulary)
    layer.tokenize(["a"])
    seconds = time.perf_counter() - start
    module = tf.Module()
    module.tokenize = tf.function(lambda text: layer(text), input_signature=SIGNATURE)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=module.tokenize)
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    print(f"{name}, {len(vocabulary):,} pieces: built in {seconds:.2f} s, SavedModel {size / 1e6:.2f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    # One thread each: TensorFlow runs the ops of this graph one after the other.
    tf.config.threading.set_inter_op_parallelism_threads(2)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    folder = str(assets.minilm_folder())
    vocabulary = FastBertTokenizer.from_pretrained(folder).vocab_list
    runners = contenders(folder)
    for kind, texts in corpora().items():
        mean = sum(len(text.encode()) for text in texts) / len(texts)
        for batch_size in (1, 32, 1024):
            print(f"{kind} (mean {mean:.0f} bytes), batch {batch_size}")
            measure(texts, batch_size, runners, rounds)
    build_and_save("bert-base-uncased's vocabulary", vocabulary)
    words = {word for text in natural_texts.locales() for word in text.lower().split() if word.isalpha()}
    pieces = [*vocabulary, *sorted(words - set(vocabulary))]
    pieces += [f"##{word}" for word in sorted(words)[: max(0, 120_000 - len(pieces))]]
    build_and_save("with words of all locales", list(dict.fromkeys(pieces))[:120_000])


if __name__ == "__main__":
    main()
