"""Answer texts with `predict` in this process for some seconds; prints texts a second.

python examples/benchmarks/load/in_process.py saved_models/sentiment/1 2 20 answers.json
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import tensorflow as tf

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from tfbert.tasks.served_task import ServedTask  # noqa: E402


def main() -> None:
    model, threads, seconds, answers = sys.argv[1:]
    tf.config.threading.set_intra_op_parallelism_threads(int(threads))
    texts = [text for text, _, _ in json.loads(Path(answers).read_text())]
    task = ServedTask(model)
    task.predict(texts)  # warms up
    rounds, start = 0, time.perf_counter()
    while time.perf_counter() - start < float(seconds):
        task.predict(texts)
        rounds += 1
    print(json.dumps(rounds * len(texts) / (time.perf_counter() - start)))


if __name__ == "__main__":
    main()
