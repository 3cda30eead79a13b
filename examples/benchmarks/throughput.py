"""How many texts a second become vectors, beside other libraries, and which share of the machine's limit that is.

    python examples/benchmarks/throughput.py            # makes the peers' environments on the first run

all-MiniLM-L6-v2 on real tweets in batches of 32 in the order of the data; strings in, vectors of length 1 out; see
`embedding/contenders.py`. Contenders take turns; a turn is all texts once, the first one warms up. Ratios are medians
of the ratios within a round. The limit is what TensorFlow's matrix product reaches in the same rounds.
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
from examples.benchmarks.peers import Peer  # noqa: E402
from examples.benchmarks.report import add_options, machine, ratios_line, write_report  # noqa: E402


def dense_operations(texts: list[str]) -> tuple[float, float]:
    """Mean number of tokens of a text, and of floating point operations in its dense layers."""
    from tfbert import BertConfig, TFBertTokenizer

    folder = assets.minilm_folder()
    config = BertConfig.from_pretrained(folder)
    tokenizer = TFBertTokenizer.from_pretrained(folder, max_length=contenders.MAX_LENGTH)
    tokens = float(tokenizer(texts)["attention_mask"].numpy().sum()) / len(texts)
    of_layer = 4 * config.hidden_size**2 + 2 * config.hidden_size * config.intermediate_size
    return tokens, 2 * of_layer * config.num_hidden_layers * tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=1024)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    contenders.add_choice(parser)
    add_options(parser)
    args = parser.parse_args()
    texts = assets.tweets()[0][: args.texts]
    tokens, operations = dense_operations(texts)
    print(machine())
    print(f"{len(texts)} tweets, {tokens:.1f} tokens and {operations / 1e9:.3f} GFLOP of dense layers each")
    peaks = []
    with (
        contenders.at_work(args.only, texts, args.batch_size, args.threads) as running,
        Peer("tfbert", contenders.HERE / "matrix_peak.py", threads=args.threads) as limit,
    ):
        cosines = contenders.lowest_cosines(running)
        limit.turn()  # warms up
        for _ in range(args.rounds):
            peaks.append(limit.turn())
            for one in running.values():
                one.turn()
    rates = {name: [len(texts) / sum(calls) for calls in one.seconds] for name, one in running.items()}
    ratios = contenders.ratios_to_ours({name: [sum(calls) for calls in one.seconds] for name, one in running.items()})
    result = {"tokens_a_text": tokens, "gflop_a_text": operations / 1e9, "contenders": {}}
    result["peak_gflops"] = {name: statistics.median(peak[name] for peak in peaks) for name in peaks[0]}
    for name, rate in result["peak_gflops"].items():
        print(f"Matrix products in {name}: {rate:.0f} GFLOP/s, so {rate * 1e9 / operations:.0f} texts/s at most")
    for name, own in rates.items():
        median = statistics.median(own)
        row = {"texts/s": median, "versions": running[name].versions, "lowest_cosine": cosines[name]}
        print(f"{name:18} {median:7.1f} texts/s  lowest cosine {cosines[name]:.4f}", end="")
        precision = contenders.CONTENDERS[name].precision
        if precision in peaks[0]:
            row["share_of_peak"] = statistics.median(
                rate * operations / (peak[precision] * 1e9) for rate, peak in zip(own, peaks)
            )
            print(f"  {row['share_of_peak']:.2f} of the limit", end="")
        row["ratios"] = ratios[name]
        print(ratios_line(name, row["ratios"]))
        result["contenders"][name] = row
    bars = {name: row["texts/s"] for name, row in result["contenders"].items()}
    write_report(args, result, bars, f"Texts a second, strings to vectors, {args.threads} threads")


if __name__ == "__main__":
    main()
