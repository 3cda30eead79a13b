"""Ray Data: the adapter alone, and by real actors."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from tfbert.ray_data import Predictor, predict
from tfbert.scoring import opened_models
from tfbert.tasks.served_task import ServedTask

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [None if row % 50 == 7 else f"cat {'good ' * (row % 9)}{row}" for row in range(400)]

# In a process of its own: Ray's warnings are not ours. Of four places two are the actors', so that others may read.
BY_RAY = """
import json, sys
import pyarrow as pa
import ray, ray.data
import tfbert.ray_data
ray.init(address="local", num_cpus=4, include_dashboard=False, log_to_driver=False)
texts = json.load(open(sys.argv[2]))
dataset = ray.data.from_arrow(pa.table({"id": list(range(len(texts))), "text": texts})).repartition(4)
answered = tfbert.ray_data.predict(dataset, sys.argv[1], concurrency=2, batch_size=4)
print(json.dumps(answered.take_all()))
"""


def assert_answers(rows, model):
    given = [text for text in TEXTS if text is not None]
    expected = dict(zip(given, ServedTask(model).predict(given)["label"]))
    assert [(row["id"], row["text"], row["label"], row["error"]) for row in rows] == [
        (place, text, expected.get(text), None) for place, text in enumerate(TEXTS)
    ]


def test_an_actor_opens_the_model_once_and_answers_tables(classifier, monkeypatch):
    monkeypatch.setattr(opened_models, "_OPENED", {})
    predictor = Predictor(classifier, threads=None, keep=["id", "text"], batch_size=4)
    opened = dict(opened_models._OPENED)
    table = pa.table({"id": list(range(400)), "text": TEXTS, "other": TEXTS})
    answered = pa.concat_tables([predictor(table.slice(0, 300)), predictor(table.slice(300))])
    assert opened == opened_models._OPENED
    assert "other" not in answered.column_names
    assert_answers(answered.to_pylist(), classifier)


def test_a_missing_model_is_named_before_anything_runs(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no model at"):
        predict(None, tmp_path / "nowhere")


def test_a_batch_size_is_checked_before_anything_runs(classifier):
    with pytest.raises(ValueError, match="`batch_size` must be"):
        predict(None, classifier, batch_size=0)


@pytest.mark.slow
def test_real_actors_answer_every_row(classifier, tmp_path):
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS))
    command = [sys.executable, "-c", BY_RAY, classifier, tmp_path / "texts.json"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-4000:]
    rows = sorted(json.loads(result.stdout.splitlines()[-1]), key=lambda row: row["id"])
    assert_answers(rows, classifier)
