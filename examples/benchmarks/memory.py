"""How much memory a million texts take, beside what ten thousand take.

    python examples/benchmarks/memory.py            # about five minutes on two cores

A tiny encoder with new weights, so that it takes minutes; real tweets, again and again: `predict` of a list and of a
`tf.data.Dataset`, and a `pipeline` on a generator, whose answers are dropped as they come. Each figure is the peak of a
process of its own. What `predict` returns has to be held, 32 bytes a text, and a list has to hold a reference to each
of its texts, 8 bytes: ratios are given with and without those.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from examples import assets  # noqa: E402
from examples.benchmarks.report import add_options, machine, write_report  # noqa: E402

FORMS = ("list", "dataset", "stream")
WIDTH = 8  # of the vectors


def answer(form: str, count: int, batch_size: int) -> dict[str, float]:
    """Embed so many texts; return the peak of this process's memory in bytes."""
    import keras
    import tensorflow as tf

    from tfbert import BertConfig, TFBertModel, TFBertTokenizer, pipeline
    from tfbert.tasks import TextEmbedder

    keras.utils.set_random_seed(0)
    tokenizer = TFBertTokenizer.from_pretrained(assets.minilm_folder(), max_length=64)
    config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    embedder = TextEmbedder(TFBertModel(config, add_pooling_layer=False), tokenizer, truncate_dim=WIDTH)
    tweets = assets.tweets()[0]
    held = {"list": (8 + 4 * WIDTH) * count, "dataset": 4 * WIDTH * count, "stream": 0}[form]
    start = time.perf_counter()
    if form == "stream":
        answers = pipeline("text-embedding", embedder, batch_size=batch_size)
        answered = sum(1 for _ in answers(itertools.islice(itertools.cycle(tweets), count)))
    else:
        repeated = tf.data.Dataset.from_tensor_slices(tweets).repeat().take(count)
        texts = (tweets * (count // len(tweets) + 1))[:count] if form == "list" else repeated
        answered = len(embedder.predict(texts, batch_size=batch_size, verbose=0)["embedding"])
    seconds = time.perf_counter() - start
    assert answered == count, answered
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"peak": peak, "texts_and_answers": held, "texts/s": count / seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--predict", nargs=2, metavar=("FORM", "COUNT"), help="measure this process only")
    add_options(parser)
    args = parser.parse_args()
    if args.predict:
        print(json.dumps(answer(args.predict[0], int(args.predict[1]), args.batch_size)))
        return
    print(machine())
    measured: dict[str, dict[str, float]] = {}
    ratios: dict[str, dict[str, float]] = {}
    for form in FORMS:
        for count in (args.few, args.many):
            command = [sys.executable, __file__, "--batch-size", str(args.batch_size), "--predict", form, str(count)]
            env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
            done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
            figures = measured[f"{form}, {count:,} texts"] = json.loads(done.stdout.splitlines()[-1])
            print(f"{form}, {count:,} texts: {figures['peak'] / 1e6:.0f} MB, {figures['texts/s']:.0f} texts/s")
        few, many = list(measured.values())[-2:]
        ratio = many["peak"] / few["peak"]
        rest = [figures["peak"] - figures["texts_and_answers"] for figures in (few, many)]
        ratios[form] = {"peak": ratio, "without_texts_and_answers": rest[1] / rest[0]}
        print(f"  {ratio:.3f} times as much; {rest[1] / rest[0]:.3f} without texts and answers")
    bars = {name: figures["peak"] / 1e6 for name, figures in measured.items()}
    write_report(args, {"runs": measured, "ratios": ratios}, bars, "Peak memory of `predict`, MB")


if __name__ == "__main__":
    main()
