"""The report on an exported model: what it says, and of what it says nothing."""

import json

import numpy as np
import pytest

from tests.tasks.pipelines.references import make_folder
from tests.tasks.task_table import SENTENCES, TASKS
from tfbert.tasks import export_report as module
from tfbert.tasks.export_report import export_report

ROWS = {row.task: row for row in TASKS}


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch):
    monkeypatch.setattr(module, "ROUNDS", 2)
    monkeypatch.setattr(module, "WARM_UP", 0)


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    def loaded(name):
        return ROWS[name].load(make_folder(tmp_path_factory.mktemp(name), ROWS[name].folder))

    return loaded


def test_size_likeness_accuracy_and_time(load, tmp_path):
    task = load("TextClassifier")
    path = task.export(tmp_path / "small.tflite", format="litert", precision="dynamic_int8")
    names = task.label_names()
    winners = [names.index(label) for label in task.predict(SENTENCES, verbose=0)["label"]]
    report = export_report(task, path, SENTENCES, winners)
    assert report["accuracy"]["float32"] == 1.0
    assert (report["precision"], report["rows"]) == ("dynamic_int8", 4)
    assert report["outputs"]["logits"]["largest_difference"] > 0
    assert set(report["milliseconds"]["one_text"]) == {"memory", "exported"}
    assert json.loads((tmp_path / "small.tflite.report.json").read_text()) == json.loads(json.dumps(report))
    wrong = [(label + 1) % len(names) for label in winners]
    assert export_report(task, path, SENTENCES, wrong)["accuracy"]["float32"] == 0.0
    assert export_report(task, path, SENTENCES, [names[label] for label in winners])["accuracy"]["float32"] == 1.0
    with pytest.raises(ValueError, match="one for each text, 4"):
        export_report(task, path, SENTENCES, ["a"])
    with pytest.raises(ValueError, match="names or numbers"):
        export_report(task, path, SENTENCES, [["a"]] * 4)


def test_vectors_of_a_saved_model_on_built_in_texts(load, tmp_path):
    task = load("TextEmbedder")
    path = task.export(tmp_path / "1")
    report = export_report(task, path)
    assert report["rows"] == len(module.TEXTS)
    assert report["outputs"]["embedding"]["lowest_cosine"] == pytest.approx(1.0, abs=1e-6)
    with pytest.raises(ValueError, match="have no accuracy"):
        export_report(task, path, SENTENCES, SENTENCES)
    with pytest.raises(ValueError, match="is a model for 'text-embedding', and `task` is for 'text-classification'"):
        export_report(load("TextClassifier"), path)


def test_zero_vectors_have_no_cosine():
    vectors = np.array([[[1.0, 0.0], [0.0, 0.0]]])
    assert module._likeness("last_hidden_state", vectors, vectors)["lowest_cosine"] == 1.0
