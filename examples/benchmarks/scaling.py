"""How the cost of a token changes with the length of texts, the size of batches and the number of threads.

    python examples/benchmarks/scaling.py            # about ten minutes on two cores

A SavedModel of all-MiniLM-L6-v2, strings in, vectors out. Texts are random words of its vocabulary, one token each. The
texts of a batch are of one length, or "mixed": their lengths are spread evenly from an eighth of it. A turn is every
batch, the first one warms up; milliseconds are medians over the rounds, and a token is a real one, not padding.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from examples import assets  # noqa: E402
from examples.benchmarks.peers import Peer  # noqa: E402
from examples.benchmarks.report import add_options, machine, write_report  # noqa: E402

TURNS = Path(__file__).resolve().parent / "embedding" / "scaling_turns.py"
KINDS = ("equal", "mixed")


def lengths_of(kind: str, longest: int, batch_size: int) -> np.ndarray:
    """The lengths of a batch's texts, in tokens."""
    shortest = max(3, longest // 8) if kind == "mixed" and batch_size > 1 else longest
    lengths = np.linspace(shortest, longest, batch_size).astype(int)
    return np.random.default_rng(0).permutation(lengths)


def random_texts(words: list[str], lengths: np.ndarray) -> list[str]:
    """Texts of so many tokens; two of them are [CLS] and [SEP]."""
    random = np.random.default_rng(0)
    return [" ".join(random.choice(words, length - 2)) for length in lengths]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", type=int, nargs="+", default=[16, 32, 64, 128, 256, 512])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    add_options(parser)
    args = parser.parse_args()
    from tfbert.tasks import TextEmbedder

    print(machine())
    embedder = TextEmbedder.from_pretrained(assets.minilm_folder(), max_length=512)
    words = [piece for piece in embedder.tokenizer.vocab_list if piece.isascii() and piece.isalpha() and len(piece) > 2]
    cells = [(kind, length, size) for kind in KINDS for length in args.lengths for size in args.batch_sizes]
    lengths = [lengths_of(*cell) for cell in cells]
    rounds: dict[int, list[list[float]]] = {threads: [] for threads in args.threads}
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        batches = Path(temporary) / "batches.json"
        batches.write_text(json.dumps([random_texts(words, of_batch) for of_batch in lengths]))
        path = embedder.export(Path(temporary) / "model")
        peers = {
            threads: stack.enter_context(Peer("tfbert", TURNS, str(path), str(batches), threads=threads))
            for threads in args.threads
        }
        for turn in range(args.rounds + 1):
            for threads, peer in peers.items():
                seconds = peer.turn()["seconds"]
                if turn:
                    rounds[threads].append(seconds)
    rows = []
    for threads, turns in rounds.items():
        for index, (kind, length, size) in enumerate(cells):
            seconds = statistics.median(turn[index] for turn in turns)
            row = {"threads": threads, "lengths": kind, "longest": length, "batch_size": size, "ms": 1000 * seconds}
            rows.append({**row, "us_a_token": 1e6 * seconds / int(lengths[index].sum())})
    for threads in args.threads:
        for kind in KINDS:
            print(f"Lengths {kind}, threads {threads}: ms a call (microseconds a token), by batch size")
            print("  longest" + "".join(f"{size:>18}" for size in args.batch_sizes))
            for length in args.lengths:
                of_line = [r for r in rows if (r["threads"], r["lengths"], r["longest"]) == (threads, kind, length)]
                print(f"  {length:7}" + "".join(f"{row['ms']:10.1f} ({row['us_a_token']:5.0f})" for row in of_line))
    drawn = [row for row in rows if row["threads"] == args.threads[-1] and row["batch_size"] == args.batch_sizes[-1]]
    bars = {f"tfbert, {row['lengths']}, {row['longest']}": row["us_a_token"] for row in drawn}
    title = f"Microseconds a token, {args.threads[-1]} threads, batch {args.batch_sizes[-1]}"
    write_report(args, {"calls": rows}, bars, title)


if __name__ == "__main__":
    main()
