"""How long one string takes to become a vector, beside other libraries.

    python examples/benchmarks/latency.py            # makes the peers' environments on the first run

all-MiniLM-L6-v2 on real tweets, one a call; contenders as in `throughput.py`. They take turns; a turn is all texts
once, the first one warms up. A ratio is that of the medians of a round, and of those the median over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from examples import assets  # noqa: E402
from examples.benchmarks.embedding import contenders  # noqa: E402
from examples.benchmarks.report import add_options, machine, ratios_line, write_report  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    contenders.add_choice(parser)
    add_options(parser)
    args = parser.parse_args()
    texts = assets.tweets()[0][: args.texts]
    print(machine())
    with contenders.at_work(args.only, texts, batch_size=1, threads=args.threads) as running:
        cosines = contenders.lowest_cosines(running)
        for _ in range(args.rounds):
            for one in running.values():
                one.turn()
    medians = {name: [statistics.median(calls) for calls in one.seconds] for name, one in running.items()}
    ratios = contenders.ratios_to_ours(medians)
    result = {"contenders": {}}
    for name in medians:
        calls = [1000 * second for calls in running[name].seconds for second in calls]
        row = {
            "median_ms": statistics.median(calls),
            "p95_ms": statistics.quantiles(calls, n=20)[-1],
            "lowest_cosine": cosines[name],
            "versions": running[name].versions,
            "ratios": ratios[name],
        }
        print(f"{name:18} median {row['median_ms']:6.2f} ms  p95 {row['p95_ms']:6.2f} ms", end="")
        print(ratios_line(name, row["ratios"]))
        result["contenders"][name] = row
    bars = {name: row["median_ms"] for name, row in result["contenders"].items()}
    write_report(args, result, bars, f"Milliseconds a string (median), {args.threads} threads")


if __name__ == "__main__":
    main()
