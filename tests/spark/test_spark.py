"""Spark with real processes: answers are those of `predict`, every row once, whoever dies."""

import datetime
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.spark.cluster_job import BATCHES, PARTITIONS, ROWS
from tests.tasks.pipelines.references import make_folder
from tfbert.tasks import TextClassifier
from tfbert.tasks.served_task import ServedTask

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return TextClassifier.from_pretrained(make_folder(tmp_path_factory.mktemp("checkpoint"), "sentiment"))


@pytest.fixture(scope="module")
def classifier(task, tmp_path_factory):
    return task.export(tmp_path_factory.mktemp("export") / "sentiment" / "1")


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


def test_every_row_once_though_processes_are_killed_midway_and_in_a_stream(run_script, task, classifier, tmp_path):
    """Each format of model is asked once: all but the last are sent with the job."""
    models = {
        "python": classifier,
        "executor": task.export(tmp_path / "model.tflite", format="litert"),
        "stream": task.export(tmp_path / "model.onnx", format="onnx"),
    }
    facts = json.loads(run_script(HERE / "cluster_job.py", *models.values(), tmp_path)[-1])
    for killed in ("python", "executor"):
        assert facts[killed]["done"] < PARTITIONS
        assert facts[killed]["failed"] >= 1
    assert facts["stream"] == [ROWS // BATCHES] * BATCHES
    for name, model in models.items():
        answers = pq.read_table(tmp_path / name)
        assert answers.num_rows == ROWS
        assert assert_answers(answers, model) == list(range(ROWS))
