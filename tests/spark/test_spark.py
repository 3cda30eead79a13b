"""Spark with real processes: answers are those of `predict`, every row once, whoever dies."""

import datetime
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.spark.killed_processes import PARTITIONS, ROWS
from tests.tasks.pipelines.references import make_folder
from tfbert.tasks import TextClassifier
from tfbert.tasks.served_task import ServedTask

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    folder = make_folder(tmp_path_factory.mktemp("checkpoint"), "sentiment")
    return TextClassifier.from_pretrained(folder).export(tmp_path_factory.mktemp("export") / "sentiment" / "1")


def assert_answers(table, model):
    """Every row stands there once, with the answer that `predict` gives; nulls have none."""
    rows = sorted(table.to_pylist(), key=lambda row: row["id"])
    given = [row for row in rows if row["text"] is not None]
    expected = ServedTask(model).predict([row["text"] for row in given])
    assert [row["label"] for row in given] == expected["label"].tolist()
    np.testing.assert_allclose([row["logits"] for row in given], expected["logits"], atol=1e-5)
    assert {row["label"] for row in rows if row["text"] is None} <= {None}
    assert {row["error"] for row in rows} == {None}
    return [row["id"] for row in rows]


def test_the_example_answers_parquet_and_keeps_other_columns_exact(run_script, classifier, tmp_path):
    """Pandas, by which `mapInPandas` goes, takes NaN for null, and has no year 9999."""
    count = 300
    table = pa.table(
        {
            "id": list(range(count)),
            "text": [None if row % 50 == 7 else f"cat {'good ' * (row % 9)}{row}" for row in range(count)],
            "share": [None if row % 3 else math.nan for row in range(count)],
            "until": pa.array([datetime.datetime(9999, 1, 1)] * count, pa.timestamp("us", "UTC")),
        }
    )
    pq.write_table(table, tmp_path / "texts.parquet")
    options = ("--model", classifier, "--output", tmp_path / "answers", "--master", "local[2]")
    lines = run_script(HERE.parents[1] / "examples/score_parquet.py", "--input", tmp_path / "texts.parquet", *options)
    assert lines[0] == f"{count} rows, 0 errors"
    # Spark writes times as INT96, which would be nanoseconds otherwise.
    answered = pq.read_table(tmp_path / "answers", coerce_int96_timestamp_unit="us").sort_by("id")
    assert assert_answers(answered, classifier) == list(range(count))
    assert [value is None for value in answered["share"].to_pylist()] == [row % 3 != 0 for row in range(count)]
    assert {value.year for value in answered["until"].to_pylist()} == {9999}


@pytest.mark.parametrize("target", ["python", "executor"])
def test_every_row_once_though_a_process_is_killed_midway(run_script, classifier, tmp_path, target):
    facts = json.loads(run_script(HERE / "killed_processes.py", classifier, tmp_path, target)[-1])
    assert facts["done"] < PARTITIONS
    assert facts["failed"] >= 1
    assert facts["rows"] == ROWS
    assert assert_answers(pq.read_table(tmp_path / "answers"), classifier) == list(range(ROWS))
