"""Answer a column of texts, Parquet in and Parquet out, by Apache Spark (needs Java, and the extra `spark`).

    python examples/score_parquet.py                    # real tweets, by the model that `make demo` trains
    python examples/score_parquet.py --input texts.parquet --output answers --model saved_models/sentiment/1

Here all cores of this machine work; `tfbert.spark.predict` is called the same way by a job on a cluster.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import tfbert.spark  # noqa: E402
from examples import assets  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MODEL = ROOT / "saved_models" / "sentiment" / "1"


def spark_session(master: str) -> SparkSession:
    """Return a session on this machine, such as "local[2]": two cores."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise SystemExit("Spark needs Java 17 or newer. Run `make tools`.")
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else Spark takes the first python3 that it finds
    settings = {"spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false", "spark.log.level": "ERROR"}
    return SparkSession.builder.master(master).appName("tfbert").config(map=settings).getOrCreate()


def demo_texts(spark: SparkSession, folder: Path) -> str:
    """Write the tweets as Parquet, and return where."""
    texts, _ = assets.tweets()
    rows = [*enumerate(texts), (len(texts), None)]
    spark.createDataFrame(rows, "id long, text string").write.parquet(str(folder / "tweets"))
    return str(folder / "tweets")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", metavar="PATH", help="Parquet with texts (default: real tweets)")
    parser.add_argument("--output", metavar="FOLDER", help="where the answers go (default: a folder that goes again)")
    parser.add_argument("--model", default=MODEL, help="an exported model")
    parser.add_argument("--text", default="text", metavar="COLUMN", help="the column of texts")
    parser.add_argument("--master", default="local[*]", help="which cores (default: local[*], all of this machine)")
    args = parser.parse_args()
    if not Path(args.model).exists():
        raise SystemExit(f"There is no model at {args.model}. Run `make demo`, or give --model.")
    spark = spark_session(args.master)
    with tempfile.TemporaryDirectory() as scratch:
        texts = spark.read.parquet(args.input or demo_texts(spark, Path(scratch)))
        # A small file is one partition, and a partition is one core's: cut it, in more parts than there are cores.
        texts = texts.repartition(4 * spark.sparkContext.defaultParallelism)
        output = args.output or f"{scratch}/answers"
        tfbert.spark.predict(texts, args.model, text_col=args.text).write.parquet(output)
        answers = spark.read.parquet(output)
        print(f"{answers.count():,} rows, {answers.where('error is not null').count():,} errors")
        if "label" in answers.columns:
            for row in answers.groupBy("label").count().orderBy("label").collect():
                print(f"{row['label']}: {row['count']:,}")
    spark.stop()


if __name__ == "__main__":
    main()
