"""How fast a fine-tuning step is, beside PyTorch and the TensorFlow classes of Hugging Face transformers.

    python examples/benchmarks/training.py              # makes the peers' environments on the first run

MiniLM-L6 with a new head of two classes; real tweets in batches of 16, in the order of the data, padded to the longest
of a batch, the same ids for all; AdamW, gradients clipped by their norm. Contenders take turns; a turn is all batches
once, the first one warms up. Ratios are medians of the ratios within a round.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from examples import assets  # noqa: E402
from examples.benchmarks.peers import Peer  # noqa: E402
from examples.benchmarks.report import add_options, write_report  # noqa: E402
from examples.benchmarks.training_steps import batches  # noqa: E402

STEPS = Path(__file__).resolve().parent / "training_steps"
CONTENDERS = {
    "PyTorch": ("torch", "step_torch.py"),
    "Hugging Face TF": ("hugging_face_tf", "step_hugging_face_tf.py"),
    "tfbert, padded": ("tfbert", "step_tfbert.py", "padded"),
    "tfbert, packed": ("tfbert", "step_tfbert.py", "packed"),
}


def tokenized(folder: Path, count: int, batch_size: int) -> list[dict]:
    """Batches of ids and labels of the first tweets."""
    from tfbert import TFBertTokenizer

    texts, labels = assets.tweets()
    tokenizer = TFBertTokenizer.from_pretrained(folder, max_length=128)
    rows = []
    for start in range(0, count * batch_size, batch_size):
        ids = tokenizer(texts[start : start + batch_size])
        of_batch = [int(label == "positive") for label in labels[start : start + batch_size]]
        rows.append({**{name: values.numpy() for name, values in ids.items()}, "labels": of_batch})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    add_options(parser)
    args = parser.parse_args()
    import numpy as np

    folder = assets.minilm_folder()
    rows = tokenized(folder, args.batches, args.batch_size)
    real, padded = (sum(np.size(b["input_ids"]) if p else b["attention_mask"].sum() for b in rows) for p in (0, 1))
    texts = args.batches * args.batch_size
    print(f"{texts} tweets, {real / texts:.1f} tokens each, {padded / real:.2f} positions a token")
    rates: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        path = Path(temporary) / "batches.npz"
        batches.write(path, rows)
        peers = {}
        for name, (environment, script, *options) in CONTENDERS.items():
            arguments = (STEPS / script, str(folder), str(path), *options)
            peers[name] = stack.enter_context(Peer(environment, *arguments, threads=args.threads))
            print(f"  {name}: {peers[name].about['versions']}")
        first = {name: peer.turn()["loss"] for name, peer in peers.items()}
        print("mean loss of the first pass:", ", ".join(f"{name} {loss:.3f}" for name, loss in first.items()))
        for _ in range(args.rounds):
            for name, peer in peers.items():
                rates[name].append(texts / peer.turn()["seconds"])
    best_peer = max(("PyTorch", "Hugging Face TF"), key=lambda name: statistics.median(rates[name]))
    result: dict[str, dict[str, float]] = {"texts/s": {}}
    for name, values in rates.items():
        ratio = statistics.median(one / other for one, other in zip(values, rates[best_peer]))
        result["texts/s"][name] = round(statistics.median(values), 1)
        print(f"{name:16} {statistics.median(values):7.1f} texts/s   {ratio:.2f} x {best_peer}")
    write_report(args, result, result["texts/s"], f"Texts a second of training, {args.threads} threads")


if __name__ == "__main__":
    main()
