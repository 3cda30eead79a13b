"""How many texts a second Apache Spark answers, Parquet to Parquet, beside one process with as many threads.

    python examples/benchmarks/spark.py                 # ten minutes; needs Java, and the model of `make demo`

The texts are real and distinct: VADER's rated tweets and snippets, then SpamAssassin's e-mails, cut at the ends of
sentences and every 30 words. The one process is `ServedTask.predict` on the list of them, with its model loaded; its
time is that of the answers alone. Spark's is that of a whole job: read, answer on one thread a core, write. The first
job starts the Python workers, which load the model; the second finds them running. Every answer is compared.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from examples import assets  # noqa: E402
from examples.benchmarks.report import add_options, machine, write_report  # noqa: E402
from examples.score_parquet import MODEL, spark_session  # noqa: E402

WORDS = 30
WARM_UP = 512  # texts
PARTS = 8  # partitions for each core


def real_texts() -> Iterator[str]:
    """Yield the texts, some of them more than once."""
    for name in assets.RATED_SETS:
        yield from assets.rated_texts(name)[0]
    for text in assets.emails()[0]:
        for sentence in re.split(r"(?<=[.!?])\s+", text):
            words = sentence.split()
            yield from (" ".join(words[start : start + WORDS]) for start in range(0, len(words), WORDS))


def distinct_texts(count: int) -> list[str]:
    """Return the first so many distinct texts."""
    texts: dict[str, None] = {}
    for text in real_texts():
        texts[text] = None
        if len(texts) == count:
            return list(texts)
    raise SystemExit(f"There are {len(texts):,} distinct texts only. Write --rows {len(texts)} or fewer.")


def answer_alone(model: str, texts: list[str], threads: int) -> tuple[float, dict[str, np.ndarray]]:
    """Answer the texts in this process, and return the seconds that it took, and the answers."""
    from tfbert.scoring.opened_models import opened_model

    task = opened_model(model, threads)
    task.predict(texts[:WARM_UP])
    start = time.perf_counter()
    answers = task.predict(texts)
    return time.perf_counter() - start, answers


def spark_jobs(model: str, texts: list[str], threads: int, folder: str, jobs: int) -> list[float]:
    """Answer the texts by Spark, and return the seconds of each job."""
    import tfbert.spark

    pq.write_table(pa.table({"id": np.arange(len(texts)), "text": texts}), f"{folder}/texts.parquet")
    spark = spark_session(f"local[{threads}]")
    seconds = []
    for job in range(jobs):
        start = time.perf_counter()
        read = spark.read.parquet(f"{folder}/texts.parquet").repartition(PARTS * threads)
        tfbert.spark.predict(read, model).write.parquet(f"{folder}/answers-{job}")
        seconds.append(time.perf_counter() - start)
    spark.stop()
    return seconds


def differences(path: str, expected: dict[str, np.ndarray]) -> dict[str, Any]:
    """Compare the answers that Spark wrote with those of one process, row by row."""
    table = pq.read_table(path).sort_by("id")
    count = len(next(iter(expected.values())))
    if table["id"].to_pylist() != list(range(count)) or table["error"].null_count != count:
        raise SystemExit("Spark lost rows, repeated some, or has errors.")
    found = {name: np.array(table[name].to_pylist()) for name in expected}
    numbers = {name: values for name, values in expected.items() if values.dtype.kind == "f"}
    differs = [(found[name] != expected[name]).reshape(count, -1).any(axis=1) for name in expected.keys() - numbers]
    return {
        "rows_with_other_labels": int(np.any(differs, axis=0).sum()),
        "largest_difference": max(float(np.abs(found[name] - values).max()) for name, values in numbers.items()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2, help="jobs of Spark, one after another (default: 2)")
    parser.add_argument("--model", default=str(MODEL), help="a text classifier (default: that of `make demo`)")
    add_options(parser)
    args = parser.parse_args()
    texts = distinct_texts(args.rows)
    print(machine())
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        alone, expected = other.submit(answer_alone, args.model, texts, args.threads).result()
    print(f"one process        {len(texts) / alone:7.1f} texts/s")
    bars = {"one process": len(texts) / alone}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for job, seconds in enumerate(spark_jobs(args.model, texts, args.threads, folder, args.jobs)):
            row = {"texts/s": len(texts) / seconds, "share": alone / seconds}
            row |= differences(f"{folder}/answers-{job}", expected)
            name = "first job" if job == 0 else "next job" if args.jobs == 2 else f"job {job + 1}"
            print(
                f"tfbert.spark, {name}  {row['texts/s']:7.1f} texts/s, {row['share']:.2f} of one process; "
                f"{row['rows_with_other_labels']} other labels, numbers within {row['largest_difference']:.1e}"
            )
            bars[f"tfbert.spark, {name}"] = row["texts/s"]
            rows.append(row)
    result = {
        "rows": len(texts),
        "threads": args.threads,
        "one_process": {"texts/s": bars["one process"]},
        "jobs": rows,
    }
    write_report(args, result, bars, f"Texts a second, Parquet to Parquet, {args.threads} threads")


if __name__ == "__main__":
    main()
