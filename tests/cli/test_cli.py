"""The command line: answers, forms of input, exit codes. In-process where possible; imports take seconds."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.tasks.pipelines.references import make_folder
from tfbert import pipeline
from tfbert.cli.main import COMMANDS
from tfbert.tasks import TextClassifier, TextEmbedder

NAMES = ["Anna Wolfgang lives in New York.", "Microsoft is in 北京"]
QUESTIONS = ["Who lives in New York?", "Where does Wolfgang live?"]
TEXTS = ["I love the cat!", "a bad dog"]


def test_predict_prints_label_score_and_text(run, classifier_folder):
    expected = TextClassifier.from_pretrained(classifier_folder).predict(TEXTS, verbose=0)
    code, lines, _ = run("predict", classifier_folder, *TEXTS)
    assert code == 0
    assert lines == [
        f"{label}\t{score:.4f}\t{text}" for label, score, text in zip(expected["label"], expected["score"], TEXTS)
    ]


@pytest.mark.parametrize("source", ["arguments", "stdin", "stdin dash", "file", "json stdin", "json file"])
def test_predict_takes_texts_from_everywhere(run, classifier_folder, tmp_path, source):
    expected = TextClassifier.from_pretrained(classifier_folder).predict(TEXTS, verbose=0)
    plain = "".join(f"{text}\n" for text in TEXTS)
    as_json = json.dumps(TEXTS[0]) + "\n" + json.dumps({"id": 7, "text": TEXTS[1]}) + "\n"
    path = tmp_path / "texts"
    path.write_text(as_json if source == "json file" else plain)
    arguments, stdin = {
        "arguments": (TEXTS, None),
        "stdin": ([], plain),
        "stdin dash": (["--input", "-"], plain),
        "file": (["--input", path], None),
        "json stdin": ([], as_json),
        "json file": (["--input", path], None),
    }[source]
    code, lines, error = (
        run("predict", classifier_folder, *arguments, "--json", stdin=stdin)
        if ("json" in source)
        else run("predict", classifier_folder, *arguments, stdin=stdin)
    )
    assert code == 0, error
    if "json" not in source:
        assert [line.split("\t")[2] for line in lines] == TEXTS
        assert [line.split("\t")[0] for line in lines] == expected["label"].tolist()
        return
    rows = [json.loads(line) for line in lines]
    assert [row["text"] for row in rows] == TEXTS
    assert rows[1]["id"] == 7
    assert [row["label"] for row in rows] == expected["label"].tolist()
    np.testing.assert_allclose([row["score"] for row in rows], expected["score"], rtol=1e-5)


def test_predict_runs_a_saved_model_and_a_keras_file_alike(run, classifier_folder, tmp_path):
    code, lines, _ = run("export", classifier_folder, tmp_path / "export" / "1")
    assert code == 0
    assert lines == [f"Saved model at {tmp_path / 'export' / '1'}"]
    TextClassifier.from_pretrained(classifier_folder).save(tmp_path / "model.keras")
    outputs = [
        run("predict", model, *TEXTS)[1]
        for model in (classifier_folder, tmp_path / "export" / "1", tmp_path / "model.keras")
    ]
    assert outputs[0] == outputs[1] == outputs[2]


@pytest.mark.slow
def test_predict_on_pairs(run, classifier_folder, tmp_path):
    rows = [{"text": "the cat", "text_pair": "a dog"}, {"text": "good", "text_pair": "bad"}]
    stdin = "".join(json.dumps(row) + "\n" for row in rows)
    code, lines, _ = run("predict", classifier_folder, "--json", stdin=stdin)
    assert code == 0
    expected = TextClassifier.from_pretrained(classifier_folder).predict(
        [tuple(row.values()) for row in rows], verbose=0
    )
    np.testing.assert_allclose([json.loads(line)["score"] for line in lines], expected["score"], rtol=1e-5)
    run("export", classifier_folder, tmp_path / "1", "--text-pair")
    assert run("predict", tmp_path / "1", "--json", stdin=stdin)[1] == lines
    code, _, error = run("predict", tmp_path / "1", "only one text")
    assert code == 1
    assert "text_pair" in error


def test_pairs_and_single_texts_may_mix(run, classifier_folder):
    stdin = '{"text": "a", "text_pair": null}\n\n{"text": "b", "text_pair": "c"}\n'
    code, lines, error = run("predict", classifier_folder, "--json", stdin=stdin)
    assert code == 0, error
    expected = pipeline(model=classifier_folder)([{"text": "a"}, {"text": "b", "text_pair": "c"}])
    assert [json.loads(line)["label"] for line in lines] == [answer["label"] for answer in expected]


def test_options_may_stand_before_texts_and_own_keys_are_kept(run, classifier_folder):
    code, lines, error = run("predict", classifier_folder, "--json", "--batch-size", "2", *TEXTS)
    assert code == 0, error
    assert [json.loads(line)["text"] for line in lines] == TEXTS
    code, lines, _ = run("predict", classifier_folder, "--json", stdin='{"text": "a", "label": "gold"}\n\n')
    row = json.loads(lines[0])
    assert row["input_label"] == "gold"
    assert row["label"].startswith("LABEL_")


def test_many_rows_keep_their_order(run, classifier_folder):
    texts = [f"cat {'good ' * (index % 7)}{index}" for index in range(2500)]
    code, lines, _ = run("predict", classifier_folder, "--batch-size", "256", stdin="\n".join(texts))
    assert code == 0
    assert [line.split("\t")[2] for line in lines] == texts


@pytest.mark.slow
def test_embed(run, embedder_folder, tmp_path):
    expected = TextEmbedder.from_pretrained(embedder_folder).predict(TEXTS, verbose=0)["embedding"]
    code, lines, _ = run("embed", embedder_folder, *TEXTS, "--json")
    assert code == 0
    np.testing.assert_allclose([json.loads(line)["embedding"] for line in lines], expected, atol=1e-6)
    code, lines, _ = run("embed", embedder_folder, *TEXTS)
    np.testing.assert_allclose([[float(v) for v in line.split("\t")] for line in lines], expected, atol=1e-5)
    assert run("export", embedder_folder, tmp_path / "1", "--task", "text-embedding", "--json")[0] == 0
    code, lines, _ = run("embed", tmp_path / "1", *TEXTS, "--json")
    np.testing.assert_allclose([json.loads(line)["embedding"] for line in lines], expected, atol=1e-6)


def test_predict_answers_any_task_with_its_options(run, tmp_path):
    folder = make_folder(tmp_path, "entities")
    expected = pipeline("ner", model=folder)(NAMES, aggregation_strategy="simple")
    arguments = ("predict", folder, *NAMES, "--option", "aggregation_strategy=simple")
    code, lines, error = run(*arguments, "--json")
    assert code == 0, error
    rows = [json.loads(line) for line in lines]
    assert [row["text"] for row in rows] == NAMES
    assert [[entity["word"] for entity in row["answers"]] for row in rows] == [
        [entity["word"] for entity in entities] for entities in expected
    ]
    code, lines, _ = run(*arguments)
    blocks = "\n".join(lines).rstrip("\n").split("\n\n")
    assert [len(block.splitlines()) for block in blocks] == [len(entities) for entities in expected]


def test_ask(run, tmp_path):
    folder, context = make_folder(tmp_path, "answers"), "Anna lives in New York and Wolfgang lives in 北京."
    (tmp_path / "context.txt").write_text(context, encoding="utf-8")
    expected = pipeline("question-answering", model=folder)(question=QUESTIONS, context=[context] * 2)
    code, lines, error = run("ask", folder, *QUESTIONS, "--context-file", tmp_path / "context.txt", "--json")
    assert code == 0, error
    rows = [json.loads(line) for line in lines]
    assert [row["answer"] for row in rows] == [answer["answer"] for answer in expected]
    assert [row["question"] for row in rows] == QUESTIONS
    assert run("ask", folder, QUESTIONS[0], "--context", context)[1][0].split("\t")[3] == expected[0]["answer"]
    code, _, error = run("ask", folder, QUESTIONS[0])
    assert (code, "has no context" in error) == (1, True)


@pytest.mark.slow
def test_fill(run, tmp_path):
    folder, text = make_folder(tmp_path, "words"), "Anna lives in [MASK]."
    expected = pipeline("fill-mask", model=folder)(text, top_k=2)
    code, lines, error = run("fill", folder, text, "--top-k", "2", "--json")
    assert code == 0, error
    assert [answer["token_str"] for answer in json.loads(lines[0])["answers"]] == [a["token_str"] for a in expected]
    code, lines, _ = run("fill", folder, text, "--targets", "york", "city")
    assert {line.split("\t")[2] for line in lines if line} == {"york", "city"}
    code, _, error = run("fill", folder, "no mask here")
    assert (code, "[MASK]" in error) == (1, True)


@pytest.mark.slow
def test_inspect_runs_a_row(run, tmp_path):
    run("export", make_folder(tmp_path, "answers"), tmp_path / "1", "--option", "top_k=2")
    code, lines, error = run("inspect", tmp_path / "1", "Where?", "In New York.", "--json")
    assert code == 0, error
    facts = json.loads(lines[0])
    assert facts["options"]["top_k"] == 2
    expected = pipeline(model=tmp_path / "1")(question="Where?", context="In New York.")
    assert facts["answer"]["answer"] == [answer["answer"] for answer in expected]
    code, _, error = run("inspect", tmp_path / "1", "Where?")
    assert (code, "question, context" in error) == (2, True)


OTHER_FILES = [pytest.param(suffix, marks=pytest.mark.exhaustive) for suffix in ("tsv", "jsonl")]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", *OTHER_FILES])
def test_train_saves_exports_and_reports(run, embedder_folder, tmp_path, suffix):
    rows = [("i love the cat", "good"), ('i hate, "the" cat', "bad")] * 4
    data = tmp_path / f"data.{suffix}"
    if suffix == "jsonl":
        data.write_text("".join(json.dumps({"review": text, "stars": label}) + "\n" for text, label in rows))
    else:  # Excel begins a file with a byte order mark
        mark = "," if suffix == "csv" else "\t"
        quoted = ['"{}"{}{}'.format(text.replace('"', '""'), mark, label) for text, label in rows]
        data.write_text("\n".join([f"review{mark}stars", *quoted]), encoding="utf-8-sig")
    export = ("--export", tmp_path / "export" / "1") if suffix == "csv" else ()  # the same after every kind of file
    code, lines, error = run(
        *("train", embedder_folder, "--data", data, "--text", "review", "--label", "stars"),
        *("--output", tmp_path / "out", "--epochs", "2", "--batch-size", "4", "--validation-split", "0.25"),
        *("--learning-rate", "1e-3", "--max-length", "16", *export, "--json"),
    )
    assert code == 0, error
    result = json.loads(lines[-1])
    assert {"output", "loss", "accuracy", "val_loss", "val_accuracy"} <= set(result)
    trained = TextClassifier.from_pretrained(tmp_path / "out")
    assert trained.config.id2label == {0: "bad", 1: "good"}
    assert trained.tokenizer.max_length == 16
    if export:
        assert run("predict", tmp_path / "export" / "1", *TEXTS)[1] == run("predict", tmp_path / "out", *TEXTS)[1]


@pytest.mark.slow
def test_train_regression_on_pairs_with_validation_data(run, embedder_folder, tmp_path):
    data = tmp_path / "pairs.csv"
    data.write_text("a,b,label\n" + "the cat,a cat,0.9\nthe cat,a phone,-0.5\n" * 4)
    code, lines, error = run(
        *("train", embedder_folder, "--data", data, "--text", "a", "--text-pair", "b", "--problem-type", "regression"),
        *("--validation-data", data, "--output", tmp_path / "out", "--epochs", "1"),
    )
    assert code == 0, error
    assert lines[-1].startswith(f"Saved to {tmp_path / 'out'}: ")
    assert TextClassifier.from_pretrained(tmp_path / "out").config.problem_type == "regression"


@pytest.mark.slow
def test_inspect_a_folder_and_a_saved_model(run, classifier_folder, tmp_path):
    code, lines, _ = run("inspect", classifier_folder, "--json")
    assert code == 0
    facts = json.loads(lines[0])
    assert facts["hidden_size"] == 32
    assert facts["labels"] == ["LABEL_0", "LABEL_1", "LABEL_2"]
    run("export", classifier_folder, tmp_path / "1", "--jit")
    code, lines, _ = run("inspect", tmp_path / "1", "--json")
    facts = json.loads(lines[0])
    assert facts["jit_compile"]
    assert facts["task"] == "text-classification"
    assert facts["signatures"]["serving_default"].startswith("(text string[None]) -> label string[None]")
    code, lines, error = run("inspect", tmp_path / "1", TEXTS[0])
    assert code == 0, error
    label = TextClassifier.from_pretrained(classifier_folder).predict(TEXTS[:1], verbose=0)["label"][0]
    assert ["answer", "label:", label] in map(str.split, lines), "the outputs' names in alphabetical order"
    assert any("serving_default: (text string[None])" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "/nowhere", "text"], r"/nowhere"),
        (["predict", "{bare}", "text", "--task", "ner"], "no trained head for token-classification"),
        (["predict", "{bare}", "text", "--task", "nerd"], "The tasks are: "),
        (["predict", "{folder}", "text", "--option", "top_n=3"], "has no option 'top_n'"),
        (["fill", "{folder}", "a [MASK]"], "no trained head for fill-mask"),
        (["ask", "{folder}", "who?", "--context", "me"], "no trained head for question-answering"),
        (["predict", "{folder}", "text", "--max-length", "49"], "48 position embeddings"),
        (["embed", "/nowhere", "text"], "/nowhere"),
        (["predict", "{folder}", "--input", "/nowhere"], "/nowhere"),
        (["export", "{bare}", "{tmp}/out", "--task", "ner"], "no trained head"),
        (["inspect", "/nowhere"], "/nowhere"),
        (["train", "{bare}", "--data", "{tmp}/none.csv", "--output", "{tmp}/out"], "none.csv"),
        (["train", "{bare}", "--data", "{tmp}/data.xml", "--output", "{tmp}/out"], "must end in"),
        (["train", "{bare}", "--data", "{tmp}/gap.csv", "--output", "{tmp}/out"], "nothing under 'label' in row 2"),
        (["inspect", "{tmp}/empty.csv"], "no SavedModel, no LiteRT or ONNX file and no checkpoint folder"),
        (["train", "{bare}", "--data", "{tmp}/data.csv", "--output", "{tmp}/out"], "no 'text' in row 1"),
        (["train", "{bare}", "--data", "{tmp}/empty.csv", "--output", "{tmp}/out"], "holds no rows"),
    ],
)
def test_failures_end_with_one_and_one_line(run, classifier_folder, embedder_folder, tmp_path, arguments, message):
    (tmp_path / "data.xml").write_text("<x/>")
    (tmp_path / "data.csv").write_text("words,label\na,b\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "gap.csv").write_text("text,label\na,b\nc,\n")
    places = {"folder": classifier_folder, "bare": embedder_folder, "tmp": tmp_path}
    code, _, error = run(*(argument.format(**places) for argument in arguments))
    assert code == 1
    assert message in error
    assert error.startswith("tfbert: ")
    assert "Traceback" not in error


@pytest.mark.parametrize("line", ["{", "3", '{"sentence": "a"}'], ids=["no JSON", "a number", "no text"])
def test_wrong_json_lines_are_named_behind_the_answers_before_them(run, classifier_folder, line):
    code, lines, error = run("predict", classifier_folder, "--json", stdin=f'"fine"\n{line}\n')
    assert code == 1
    assert "ine 2" in error
    assert [json.loads(line)["text"] for line in lines] == ["fine"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["predict"],
        ["predict", "model", "--batch-size", "0", "text"],
        ["predict", "model", "text", "--input", "file"],
        ["predict", "model", "text", "--option", "top_k"],
        ["ask", "model", "question", "--context", "a", "--context-file", "b"],
        ["train", "model"],
        ["train", "model", "--data", "x.csv", "--output", "y", "--epochs", "many"],
    ],
)
def test_commands_that_cannot_be_understood_end_with_two(run, arguments):
    code, lines, error = run(*arguments)
    assert code == 2
    assert "usage" in error
    assert lines == []


@pytest.mark.parametrize("command", [module.__name__.rpartition(".")[2].replace("_", "-") for module in COMMANDS])
def test_help_has_an_example(run, command):
    code, lines, _ = run(command, "--help")
    assert code == 0
    assert any(f"tfbert {command} " in line for line in lines)


def test_installed_command_is_quick_to_help_and_quiet():
    command = os.path.join(os.path.dirname(sys.executable), "tfbert")
    result = subprocess.run([command, "--version"], capture_output=True, text=True)
    assert result.returncode == 0
    assert result.stdout.startswith("tfbert ")
    assert result.stderr == ""


@pytest.mark.slow
def test_a_reader_that_stops_early_is_no_crash(classifier_folder, tmp_path):
    path = tmp_path / "texts"
    path.write_text("the cat\n" * 5000)
    command = f"{sys.executable} -m tfbert.cli.main predict {classifier_folder} --input {path} | head -n 1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert result.stdout.count("\n") == 1
    assert "Traceback" not in result.stderr
