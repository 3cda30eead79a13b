"""Ask a model server one text at a time from many clients at once; a process of its own. Prints one line of JSON.

    python examples/benchmarks/load/generate.py rest http://127.0.0.1:8501 sentiment 64 60 answers.json

Each client waits for its answer before it asks again. `answers.json` holds [text, label, score] of each text; answers
are kept as bytes and compared with it after the last one, so that reading them takes no time from the server.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from examples.benchmarks.load.grpc_connection import GrpcConnection  # noqa: E402
from examples.benchmarks.load.rest_connection import RestConnection  # noqa: E402

TOLERANCE = 1e-5
WARM_UP = 2.0  # seconds that do not count


async def client(connection, number: int, requests: list[bytes], clock: dict[str, float], log: list) -> None:
    """Ask text after text until time is up; note (index, start, end, answer or error) of each."""
    index = number * 7919 % len(requests)
    while time.perf_counter() < clock["end"]:
        start = time.perf_counter()
        try:
            answer = await connection.ask(requests[index])
        except Exception as error:  # whatever it was, this request is lost, and counted so
            log.append((index, start, time.perf_counter(), error))
            await asyncio.sleep(0.01)
        else:
            log.append((index, start, time.perf_counter(), answer))
        index = (index + 1) % len(requests)


async def load(kind: type, address: str, model: str, clients: int, seconds: float, texts: list[str]) -> list:
    """Return what each client noted, warm-up left out."""
    connections = [kind(address, model) for _ in range(clients)]
    await asyncio.gather(*(connection.open() for connection in connections))
    requests = [connections[0].request(text) for text in texts]
    begin = time.perf_counter() + WARM_UP
    clock, log = {"end": begin + seconds}, []
    await asyncio.gather(
        *(client(connection, number, requests, clock, log) for number, connection in enumerate(connections))
    )
    for connection in connections:
        closing = connection.close()
        if inspect.isawaitable(closing):
            await closing
    return [entry for entry in log if entry[1] >= begin]


def summary(kind: type, log: list, expected: list) -> dict[str, float]:
    """Count answers, and read each."""
    answered = [entry for entry in log if isinstance(entry[3], bytes)]
    wrong = 0
    for index, _, _, answer in answered:
        label, score = kind.read(answer)
        wrong += label != expected[index][1] or not abs(score - expected[index][2]) <= TOLERANCE
    lasted = max(end for _, _, end, _ in log) - min(start for _, start, _, _ in log)
    times = sorted(end - start for _, start, end, _ in answered) or [float("nan")]
    percentiles = {
        f"p{share}_ms": 1000 * times[min(len(times) - 1, len(times) * share // 100)] for share in (50, 95, 99)
    }
    lost = len(log) - len(answered)
    errors = sorted({repr(entry[3])[:200] for entry in log if not isinstance(entry[3], bytes)})[:3]
    return {
        "texts/s": len(answered) / lasted,
        **percentiles,
        "asked": len(log),
        "lost": lost,
        "wrong": wrong,
        "errors": errors,
    }


def main() -> None:
    protocol, address, model, clients, seconds, answers = sys.argv[1:]
    expected = json.loads(Path(answers).read_text())
    kind = {"rest": RestConnection, "grpc": GrpcConnection}[protocol]
    try:
        import uvloop as loops
    except ImportError:
        loops = asyncio
    log = loops.run(load(kind, address, model, int(clients), float(seconds), [text for text, _, _ in expected]))
    print(json.dumps(summary(kind, log, expected)))


if __name__ == "__main__":
    main()
