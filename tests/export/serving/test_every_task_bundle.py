"""Every task makes a bundle that passes its verification, and answers from it as in memory."""

import pytest

from tests.export.test_every_task import assert_same
from tests.tasks.pipelines.references import make_folder
from tests.tasks.task_table import TASKS
from tfbert.export.serving.server_flags import BATCHING_FLAG
from tfbert.export.serving.verify_bundle import verify_bundle
from tfbert.tasks import TextClassifier
from tfbert.tasks.served_task import ServedTask

EXAMPLE_SIGNATURES = {"TextClassifier": "classify", "NextSentencePredictor": "classify"}


@pytest.mark.slow
@pytest.mark.parametrize("row", TASKS, ids=lambda row: row.task)
def test_every_task_makes_a_bundle(row, tmp_path):
    task = row.load(make_folder(tmp_path, row.folder))
    path = task.export(tmp_path / "models", format="serving")
    assert path == tmp_path / "models" / task.task_name / "1"
    results = list(verify_bundle(tmp_path / "models"))
    assert [result for result in results if result.status != "ok"] == []
    takes_several = any(isinstance(column[0], list) for column in row.inputs.values())
    assert (BATCHING_FLAG in (tmp_path / "models" / "compose.yaml").read_text()) is not takes_several
    served = ServedTask(path)
    assert_same(served.predict(row.inputs, batch_size=2), task.predict(row.inputs, verbose=0))
    further = set(served.loaded.signatures) - {"serving_default", "tokenize", "ids"}
    assert further == {EXAMPLE_SIGNATURES[row.task]} if row.task in EXAMPLE_SIGNATURES else not further


@pytest.mark.slow
@pytest.mark.parametrize(("labels", "signature"), [(1, "regress"), (3, None)])
def test_a_regression_of_one_number_has_a_signature_for_regress(tiny_folder, tmp_path, labels, signature):
    folder = tiny_folder("classifier_single_label")
    options = {"num_labels": labels, "problem_type": "regression", "ignore_mismatched_sizes": True}
    task = TextClassifier.from_pretrained(folder, max_length=24, **options)
    path = task.export(tmp_path / "models", format="serving", name="stars")
    assert [result for result in verify_bundle(path) if result.status != "ok"] == []
    assert (set(ServedTask(path).loaded.signatures) & {"classify", "regress"}) == ({signature} if signature else set())


@pytest.mark.slow
def test_answers_that_are_drawn_by_chance_and_classic_tokenizers_make_bundles(tmp_path):
    row = next(row for row in TASKS if row.task == "TextGenerator")
    task = row.load(make_folder(tmp_path, row.folder)).with_options(do_sample=True)
    task.export(tmp_path / "models", format="serving")
    row = TASKS[0]
    classic = row.load(make_folder(tmp_path, row.folder)).with_options(use_fast_bert_tokenizer=False)
    classic.export(tmp_path / "models", format="serving")
    assert [result for result in verify_bundle(tmp_path / "models") if result.status != "ok"] == []
