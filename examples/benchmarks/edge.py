"""How fast LiteRT files answer strings beside ONNX Runtime, in float32 and int8, one at a time and in batches.

    python examples/benchmarks/edge.py            # makes the peers' environments on the first run

all-MiniLM-L6-v2 on real tweets in the order of the data; strings in, vectors of length 1 out; see
`embedding/contenders.py`. For each number of threads all contenders take turns with all batch sizes; a turn is all
texts once, the first one warms up. Ratios are medians of the ratios within a round.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from examples import assets  # noqa: E402
from examples.benchmarks.embedding import contenders  # noqa: E402
from examples.benchmarks.report import add_options, machine, ratios_line, write_report  # noqa: E402

FIRST = "tfbert LiteRT fp32"
OTHERS = ("tfbert LiteRT int8", "ONNX Runtime fp32", "ONNX Runtime int8")

Seconds = dict[str, list[float]]  # of each contender, a number for each round


def measured(
    texts: list[str], threads: int, args: argparse.Namespace, models: Path
) -> tuple[dict[int, dict[str, Any]], dict[int, Seconds]]:
    """Let contenders take turns: for each batch size what is said of each of them, and what its rounds took."""
    with ExitStack() as stack:
        fields = {
            size: stack.enter_context(contenders.at_work(OTHERS, texts, size, threads, FIRST, models))
            for size in args.batch_sizes
        }
        for _ in range(args.rounds):
            for running in fields.values():
                for one in running.values():
                    one.turn()
        cosines = {size: contenders.cosines_to_first(running) for size, running in fields.items()}
    rows: dict[int, dict[str, Any]] = {}
    seconds: dict[int, Seconds] = {}
    for size, running in fields.items():
        seconds[size] = {name: [sum(calls) for calls in one.seconds] for name, one in running.items()}
        ratios = contenders.ratios_to_ours(seconds[size])
        rows[size] = {
            name: {
                "texts/s": statistics.median(len(texts) / taken for taken in seconds[size][name]),
                "median_call_ms": 1000 * statistics.median(call for calls in one.seconds for call in calls),
                "lowest_cosine": float(cosines[size][name].min()),
                "mean_cosine": float(cosines[size][name].mean()),
                "versions": one.versions,
                "ratios": ratios[name],
            }
            for name, one in running.items()
        }
    return rows, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    add_options(parser)
    args = parser.parse_args()
    texts = assets.tweets()[0][: args.texts]
    print(machine())
    result: dict[str, Any] = {"texts": len(texts), "megabytes": {}, "settings": []}
    bars = {}
    with tempfile.TemporaryDirectory() as temporary:
        models = Path(temporary)
        for threads in args.threads:
            rows, seconds = measured(texts, threads, args, models)
            least = min(seconds)
            for size, own in rows.items():
                print(f"Threads: {threads}; texts a call: {size}")
                for name, row in own.items():
                    row["over_least_batch"] = statistics.median(
                        before / now for before, now in zip(seconds[least][name], seconds[size][name])
                    )
                    print(
                        f"  {name:18} {row['texts/s']:7.1f} texts/s  {row['over_least_batch']:.2f} x {least} a call"
                        f"  cosine lowest {row['lowest_cosine']:.4f} mean {row['mean_cosine']:.4f}"
                        f"{ratios_line(name, row['ratios'])}"
                    )
                    bars[f"{name}, {threads} threads, {size} a call"] = row["texts/s"]
                result["settings"].append({"threads": threads, "batch_size": size, "contenders": own})
        result["megabytes"] = {path.stem: path.stat().st_size / 1e6 for path in sorted(models.glob("*.tflite"))}
    print("Megabytes of the LiteRT files:", result["megabytes"])
    write_report(args, result, bars, "Texts a second, strings to vectors")


if __name__ == "__main__":
    main()
