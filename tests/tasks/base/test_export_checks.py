"""What an export refuses before anything is written."""

import numpy as np
import pytest

from tests.tasks.pipelines.references import make_folder
from tests.tasks.task_table import TASKS
from tfbert.export.verify import ExportError, compare_outputs
from tfbert.tasks import TextClassifier

ROW = next(row for row in TASKS if row.task == "TextClassifier")


@pytest.fixture
def classifier(tmp_path):
    return ROW.load(make_folder(tmp_path, ROW.folder))


@pytest.mark.parametrize(("form", "suffix"), [("litert", ".tflite"), ("onnx", ".onnx")])
def test_rows_without_a_token(tmp_path, form, suffix):
    task = TextClassifier.from_pretrained(make_folder(tmp_path, ROW.folder), add_special_tokens=False)
    with pytest.raises(ValueError, match=r"add_special_tokens=False.*inputs=.ids"):
        task.export(tmp_path / f"model{suffix}", format=form)


def test_padding_on_the_left_is_warned_of(tmp_path, caplog, monkeypatch):
    from tfbert.tasks.base import task_export

    monkeypatch.setattr(task_export, "_export_litert", lambda *arguments: "written")
    task = TextClassifier.from_pretrained(make_folder(tmp_path, ROW.folder), padding_side="left")
    assert task.export(tmp_path / "model.tflite", format="litert") == "written"
    assert "an answer depends on the longest text" in caplog.text


def test_weights_that_do_not_fit(classifier, tmp_path):
    kernel = classifier.model.bert.encoder.layers[0].intermediate.kernel
    usual = np.array(kernel)
    kernel.assign(np.where(usual == usual.max(), 1e6, usual))
    with pytest.raises(ValueError, match=r"intermediate/kernel' reach 1e\+06, beyond float16"):
        classifier.export(tmp_path / "model.tflite", format="litert", precision="float16")
    kernel.assign(np.where(usual == usual.max(), np.nan, usual))
    for form in ("tflite", "onnx"):
        with pytest.raises(ValueError, match=r"intermediate/kernel' hold numbers that are not finite"):
            classifier.export(tmp_path / f"model.{form}", format={"tflite": "litert"}.get(form, form))


def test_text_pair_is_a_flag(classifier, tmp_path):
    with pytest.raises(ValueError, match="`text_pair` must be None, True or False"):
        classifier.export(tmp_path / "1", text_pair="yes")


def test_an_embedder_serves_no_pairs(tmp_path):
    row = next(row for row in TASKS if row.task == "TextEmbedder")
    with pytest.raises(ValueError, match="TextEmbedder answers single texts"):
        row.load(make_folder(tmp_path, row.folder)).export(tmp_path / "1", text_pair=True)


def test_a_comparison_looks_past_what_stands_for_no_value():
    lowest = np.finfo(np.float32).min
    with pytest.raises(ExportError, match="differs"):
        compare_outputs("ids", {"logits": np.array([1.0, lowest])}, {"logits": np.array([999.0, lowest])})
    with pytest.raises(ExportError, match="differs"):
        compare_outputs("ids", {"logits": np.array([1.0, lowest])}, {"logits": np.array([1.0, 0.0])})
    compare_outputs("ids", {"logits": np.array([1.0, lowest])}, {"logits": np.array([1.000001, lowest])})
