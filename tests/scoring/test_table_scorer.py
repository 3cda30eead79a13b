"""Tables of text with answers: nulls, wrong rows, order, names, and the types of every task's answers."""

import os
import pickle
import shutil

import numpy as np
import pyarrow as pa
import pytest

from tests.tasks.pipelines.references import make_folder
from tests.tasks.task_table import TASKS
from tfbert.scoring import opened_models
from tfbert.scoring.answer_columns import answer_schema
from tfbert.scoring.opened_models import opened_model
from tfbert.scoring.table_scorer import TableScorer
from tfbert.tasks import QuestionAnswerer
from tfbert.tasks.served_task import ServedTask

TEXTS = ["Anna lives in New York.", None, "", "北京 is a city!", "café 😀 " * 5, "bad", None, "a cat"]
LONG = "cat " * 100
KINDS = {
    "TextClassifier": {"label": "string", "labels": "list<item: string>", "logits": "list<item: float>"},
    "TokenClassifier": {"entity": "list<item: string>", "length": "int32", "start": "list<item: int32>"},
    "QuestionAnswerer": {"answer": "list<item: string>", "score": "list<item: float>"},
    "MaskFiller": {"sequence": "list<item: list<item: string>>", "token": "list<item: list<item: int32>>"},
    "FeatureExtractor": {"last_hidden_state": "list<item: list<item: float>>"},
    "TextEmbedder": {"embedding": "list<item: float>"},
    "NextSentencePredictor": {"label": "string", "score": "float"},
    "ChoiceSelector": {"choice": "string", "index": "int32", "scores": "list<item: float>"},
    "ZeroShotClassifier": {"labels": "list<item: string>", "scores": "list<item: float>"},
    "TextGenerator": {"generated_text": "string"},
}


@pytest.fixture(scope="module")
def answerer(tmp_path_factory):
    folder = make_folder(tmp_path_factory.mktemp("checkpoint"), "answers")
    return QuestionAnswerer.from_pretrained(folder, top_k=2).export(tmp_path_factory.mktemp("export") / "1")


def scored(model, table, text_col="text", **options):
    return TableScorer.make(model, text_col, table.column_names, **options)(table)


def test_answers_are_those_of_predict_and_nulls_have_none(classifier):
    table = pa.table({"id": pa.array([2**60 + row for row in range(8)]), "text": TEXTS})
    answered = scored(classifier, table, batch_size=3)
    assert answered.select(["id", "text"]) == table
    assert answered.column_names == ["id", "text", "label", "labels", "logits", "score", "scores", "error"]
    given = [row for row, text in enumerate(TEXTS) if text is not None]
    expected = ServedTask(classifier).predict([TEXTS[row] for row in given])
    for place, row in enumerate(answered.to_pylist()):
        assert row["error"] is None
        if place not in given:
            assert {row[name] for name in expected} == {None}
            continue
        assert row["label"] == expected["label"][given.index(place)]
        np.testing.assert_allclose(row["logits"], expected["logits"][given.index(place)], atol=1e-5)


def test_a_row_that_fails_says_why_and_its_neighbours_are_answered(classifier):
    texts = ["fine", LONG, "bad", None, LONG, *["a cat"] * 40, LONG]
    answered = scored(classifier, pa.table({"text": texts}), batch_size=4).to_pylist()
    for text, row in zip(texts, answered, strict=True):
        failed = text == LONG
        assert (row["label"] is None) == (text is None or failed)
        assert (row["error"] is not None) == failed
    assert answered[1]["error"].startswith("A text is longer than max_length=64 tokens")
    assert LONG.strip() not in answered[1]["error"]


def test_values_that_are_no_text_fail_alone(classifier):
    table = pa.table({"text": pa.array([3, None, 5])})
    answered = scored(classifier, table).to_pylist()
    assert [row["label"] for row in answered] == [None] * 3
    assert [row["error"] is None for row in answered] == [False, True, False]
    assert "must hold strings only" in answered[0]["error"]


def test_what_is_wrong_with_a_row_never_holds_its_text(classifier, monkeypatch):
    def refuse(self, given, batch_size):
        raise ValueError(f"Cannot answer {given['text'][0]!r} or {given['text'][0].decode()!r}.")

    table = pa.table({"text": ["a very private text"]})
    scorer = TableScorer.make(classifier, "text", ["text"])
    monkeypatch.setattr(ServedTask, "predict", refuse)
    assert scorer(table)["error"].to_pylist() == ["Cannot answer '…' or '…'."]


def test_bytes_that_are_no_utf_8_are_read_as_the_model_reads_them(classifier):
    strange = pa.array([b"a \xff cat", b"a cat"])
    texts = pa.Array.from_buffers(pa.string(), 2, strange.buffers())
    answered = [scored(classifier, pa.table({"text": column})) for column in (texts, strange)]
    assert answered[0]["label"].to_pylist() == answered[1]["label"].to_pylist() != [None, None]
    assert answered[0]["error"].null_count == 2


@pytest.mark.slow
def test_questions_and_contexts_come_in_two_columns(answerer):
    table = pa.table(
        {"q": ["Who?", None, "Where?", ""], "c": ["Anna lives in New York.", "x", "In 北京.", "In New York."]}
    )
    answered = scored(answerer, table, {"question": "q", "context": "c"}, keep=[])
    assert answered == scored(answerer, table, ["q", "c"], keep=[])
    rows = answered.to_pylist()
    contexts = ["Anna lives in New York.", "In 北京."]
    expected = ServedTask(answerer).predict({"question": ["Who?", "Where?"], "context": contexts})
    for row, place in ((rows[0], 0), (rows[2], 1)):
        assert row["answer"] == expected["answer"][place][: row["length"]].tolist()
        assert len(row["score"]) == row["length"] > 0
    assert rows[1]["answer"] is None
    assert (rows[3]["length"], rows[3]["answer"]) == (0, [])


def test_parts_keep_order_and_columns(classifier):
    batch = pa.record_batch({"id": list(range(350)), "text": [f"cat {'good ' * (row % 7)}" for row in range(350)]})
    scorer = TableScorer.make(classifier, "text", ["id", "text"], batch_size=2)
    scorer = pickle.loads(pickle.dumps(scorer))  # as it travels
    parts = list(scorer.in_parts([batch, batch.slice(0, 0)]))
    assert [part.num_rows for part in parts] == [100, 100, 100, 50, 0]
    assert {part.schema for part in parts} == {parts[0].schema}
    answered = pa.Table.from_batches(parts)
    assert answered["id"].to_pylist() == list(range(350))
    assert answered["error"].null_count == 350
    assert answered["label"].to_pylist() == ServedTask(classifier).predict(batch["text"].to_pylist())["label"].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text_col": "words"}, "must hold 'words' once"),
        ({"text_col": ["text", "label"]}, r"takes \['text'\]: write text_col='text'"),
        ({"text_col": {"question": "text"}}, r"write text_col='text'"),
        ({"columns": ["text", "text"]}, "must hold 'text' once"),
        ({"keep": ["text", "other"]}, "must hold 'other' once"),
        ({}, "names of columns: label, error. Write prefix"),
        ({"batch_size": 0}, "`batch_size` must be an integer of at least 1"),
        ({"threads": 0}, "`threads` must be"),
    ],
)
def test_wrong_options_are_refused_before_any_row(classifier, options, message):
    given = {"text_col": "text", "columns": ["text", "Label", "error"], **options}
    with pytest.raises(ValueError, match=message):
        TableScorer.make(classifier, given.pop("text_col"), given.pop("columns"), **given)


def test_names_are_free_again_with_a_prefix_or_fewer_columns(classifier):
    table = pa.table({"text": ["a cat"], "label": ["gold"]})
    assert scored(classifier, table, prefix="answer_").column_names[:3] == ["text", "label", "answer_label"]
    assert scored(classifier, table, keep="text").column_names[:2] == ["text", "label"]


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no model at '"):
        TableScorer.make(tmp_path / "nowhere", "text", ["text"])


def test_a_model_is_opened_once_and_again_when_it_changes(classifier, tmp_path, monkeypatch):
    monkeypatch.setattr(opened_models, "_OPENED", {})
    path = tmp_path / "1"
    shutil.copytree(classifier, path)
    first = opened_model(path)
    assert opened_model(str(path)) is first
    os.utime(path / "saved_model.pb", ns=(1, 1))
    again = opened_model(path)
    assert again is not first
    assert len(opened_models._OPENED) == 1


def test_threads_of_a_process_at_work_stay_with_a_warning(classifier, monkeypatch):
    monkeypatch.setattr(opened_models, "_OPENED", {})
    with pytest.warns(UserWarning, match="keeps its threads rather than threads=7"):
        opened_model(classifier, threads=7)


@pytest.mark.slow
@pytest.mark.parametrize("row", TASKS, ids=[row.task for row in TASKS])
def test_every_task_answers_a_table_as_it_answers_each_row_alone(row, tmp_path):
    path = row.load(make_folder(tmp_path, row.folder)).export(tmp_path / "export" / "1")
    served = ServedTask(path)
    kinds = answer_schema(served)
    assert kinds.names == sorted(kinds.names)
    assert {name: str(kinds.field(name).type) for name in KINDS[row.task]} == KINDS[row.task]
    table = pa.table({f"my {name}": column for name, column in row.inputs.items()})
    answered = scored(path, table, {name: f"my {name}" for name in row.inputs}, batch_size=2, keep=[])
    assert answered["error"].null_count == len(table)
    assert answered.drop_columns(["error"]).schema == kinds
    for place, answer in enumerate(answered.to_pylist()):
        alone = served.predict({name: [column[place]] for name, column in row.inputs.items()})
        for name, values in alone.items():
            if values.dtype.kind == "f":
                np.testing.assert_allclose(answer[name], values[0], atol=1e-5, err_msg=name)
            else:
                assert answer[name] == (values[0].tolist() if values.ndim > 1 else values[0]), name
