"""What the embedded server does under load: answers a second, waiting times, lost and wrong answers.

    python examples/benchmarks/serving.py               # after `make demo`; some fifteen minutes

1, 8, 64 and 256 clients ask the sentiment model over REST and over gRPC, one tweet at a time; each waits for its answer
before it asks again. Server and clients share the machine's cores. Beside it, in turns: `predict` on lists in a process
of its own with the same threads, and the server with batching off. Every answer's label and score are compared with
those of `predict`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from examples import assets, sentiment  # noqa: E402
from examples.benchmarks.report import add_options, machine, write_report  # noqa: E402

LOAD = Path(__file__).resolve().parent / "load"
ENV = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
PROTOCOLS = ("rest", "grpc")
COMPARED = 64  # clients with batching on and off


@contextlib.contextmanager
def running_server(model: Path, threads: int, batching: bool) -> Iterator[dict[str, str]]:
    """Serve a model in a process of its own; yields the addresses by protocol."""
    command = [sys.executable, "-m", "tfbert.cli.main", "serve", str(model), "--rest-port", "0", "--grpc-port", "0"]
    command += ["--threads", str(threads), "--quiet", *([] if batching else ["--no-batching"])]
    server = subprocess.Popen(command, env=ENV, stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(server.stdout.readline())
        yield {protocol: ready[protocol] for protocol in PROTOCOLS}
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=60)
        finally:
            server.kill()


def printed_by(program: str, *arguments: Any) -> Any:
    """Run a program of `load/` and return what it prints last, from JSON."""
    command = [sys.executable, str(LOAD / f"{program}.py"), *map(str, arguments)]
    done = subprocess.run(command, env=ENV, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def expected_answers(model: Path, texts: list[str]) -> list[tuple[str, str, float]]:
    """Each text with the label and the score that `predict` gives."""
    from tfbert.tasks.served_task import ServedTask

    answers = ServedTask(model).predict(texts)
    return list(zip(texts, answers["label"], answers["score"].astype(float).tolist()))


def show(name: str, row: dict[str, Any]) -> None:
    """Print one line of figures."""
    times = "  ".join(f"{key[:-3]} {row[key]:7.1f} ms" for key in ("p50_ms", "p95_ms", "p99_ms"))
    print(f"{name:32} {row['texts/s']:7.1f} texts/s  {times}  {row['lost']} lost, {row['wrong']} wrong", flush=True)
    for error in row["errors"]:
        print(f"    {error}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="SavedModel of a TextClassifier (default: that of `make demo`)")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64, 256])
    parser.add_argument("--seconds", type=float, default=60, help="of each load")
    parser.add_argument("--texts", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    add_options(parser)
    args = parser.parse_args()
    if args.model is None:
        sentiment.trained_checkpoint()
    model = args.model or sentiment.EXPORT
    name = model.parent.name
    print(machine())
    result: dict[str, Any] = {"threads": args.threads, "loads": {}}
    in_process: list[float] = []
    with tempfile.NamedTemporaryFile("w", suffix=".json") as answers:
        json.dump(expected_answers(model, assets.tweets()[0][: args.texts]), answers)
        answers.flush()

        def measure_in_process() -> None:
            seconds = min(15.0, args.seconds)
            in_process.append(printed_by("in_process", model, args.threads, seconds, answers.name))

        for batching in (True, False):
            for protocol in PROTOCOLS:
                for clients in args.clients if batching else [COMPARED]:
                    measure_in_process()
                    with running_server(model, args.threads, batching) as address:
                        row = printed_by(
                            "generate", protocol, address[protocol], name, clients, args.seconds, answers.name
                        )
                    title = f"{protocol}, {clients} clients" + ("" if batching else ", batching off")
                    row["of_in_process"] = row["texts/s"] / in_process[-1]
                    result["loads"][title] = row
                    show(title, row)
    result["in_process_texts/s"] = statistics.median(in_process)
    print(f"`predict` in a process: {result['in_process_texts/s']:.1f} texts/s (median of {len(in_process)})")
    for protocol in PROTOCOLS:
        on = result["loads"].get(f"{protocol}, {COMPARED} clients")
        if on is None:
            continue
        gain = on["texts/s"] / result["loads"][f"{protocol}, {COMPARED} clients, batching off"]["texts/s"]
        result[f"{protocol}_batching_gain"] = gain
        print(f"{protocol}, {COMPARED} clients: {on['of_in_process']:.2f} of `predict`; batching {gain:.2f} x")
    bars = {title: row["texts/s"] for title, row in result["loads"].items()}
    bars["tfbert predict in a process"] = result["in_process_texts/s"]
    write_report(args, result, bars, f"Texts a second, one text a request, {args.threads} threads")
    if any(row["lost"] or row["wrong"] for row in result["loads"].values()):
        raise SystemExit("Answers were lost or wrong.")


if __name__ == "__main__":
    main()
