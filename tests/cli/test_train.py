"""`tfbert train`: every task from files, in memory and streamed; what is refused, and what a failure leaves behind."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import copy_tiny
from tests.tasks.pipelines.references import make_folder
from tfbert.cli import train_checkpoint, train_data
from tfbert.cli.main import main, make_parser
from tfbert.cli.train_checkpoint import save_checkpoint
from tfbert.cli.train_task import make_ready
from tfbert.tasks import TextClassifier, TokenClassifier

CONLL = "Anna B-PER\nlives O\n\nin O\nNew B-LOC\nYork I-LOC\n\nAnna B-PER\n"
SPANS = [{"text": "Anna lives in York", "spans": [{"start": 0, "end": 4, "label": "PER"}]}] * 3
SQUAD = {"question": "Where?", "context": "I live in Berlin now", "answers": {"text": ["Berlin"], "answer_start": [10]}}
REVIEWS = "text,label\n" + "i love the cat,good\ni hate the cat,bad\na bad dog,bad\n" * 3
FILES = {
    "reviews.csv": REVIEWS,
    "words.conll": CONLL,
    "spans.jsonl": "".join(json.dumps(row) + "\n" for row in SPANS),
    "squad.jsonl": (json.dumps(SQUAD) + "\n") * 2,
    "swag.csv": "sent,a,b,label\nsnow is,white,loud,0\nsky is,loud,blue,blue\n",
    "lines.txt": "the cat sat on the mat\ni love you\n\na dog\n",
    "pairs.csv": "text,text_pair,score,label\ncat,dog,0.5,0\nlove,hate,-0.5,1\nx,y,1,0\n",
    "several.csv": 'text,label\na,"joy,anger"\nb,\nc,joy\n',
    "numbers.csv": "text,label\na,0.5\nb,-1\n",
    "inference.csv": "text,text_pair,label\na,b,entailment\nc,d,contradiction\n",
}
TASKS = {
    "classes": ("reviews.csv", ["--class-weight", "balanced"]),
    "numbers": ("numbers.csv", ["--problem-type", "regression"]),
    "several": ("several.csv", ["--problem-type", "multi_label_classification"]),
    "words": ("words.conll", ["--task", "ner"]),
    "spans": ("spans.jsonl", ["--task", "ner", "--spans", "spans"]),
    "answers": ("squad.jsonl", ["--task", "question-answering"]),
    "choices": ("swag.csv", ["--task", "multiple-choice", "--text", "sent", "--choices", "a", "b"]),
    "masks": ("lines.txt", ["--task", "fill-mask"]),
    "scores": ("pairs.csv", ["--task", "text-embedding", "--score", "score"]),
    "pairs": ("pairs.csv", ["--task", "text-embedding"]),
    "next": ("pairs.csv", ["--task", "next-sentence-prediction"]),
    "inference": ("inference.csv", ["--task", "zero-shot-classification"]),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with every file, and the checkpoint "bare"."""
    folder = tmp_path_factory.mktemp("train")
    for name, content in FILES.items():
        (folder / name).write_text(content)
    copy_tiny("model_gelu_l2", folder).rename(folder / "bare")
    return folder


@pytest.fixture
def train(place, tmp_path, capsys):
    """Return a function that trains and returns (exit code, result, error text)."""

    def call(file, *arguments, model=None, output=None):
        fixed = ["--output", str(output or tmp_path / "out"), "--data", str(place / file), "--json"]
        try:
            code = main(["train", str(model or place / "bare"), *fixed, *map(str, arguments)])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, json.loads(captured.out) if captured.out else {}, captured.err

    return call


@pytest.fixture
def streamed(monkeypatch):
    """Let every file be streamed."""
    monkeypatch.setattr(train_data, "IN_MEMORY", -1)


@pytest.mark.exhaustive
def test_streamed_words_train_with_every_part(train, streamed, place, tmp_path, monkeypatch):
    saved = []
    save = train_checkpoint.save_checkpoint
    monkeypatch.setattr(train_checkpoint, "save_checkpoint", lambda *given: saved.append(save(*given)))
    words = place / "words.conll"
    code, result, error = train(
        *("words.conll", "--task", "ner", "--validation-data", words, "--test-data", words, "--epochs", 2),
        *("--batch-size", 2, "--schedule", "cosine", "--gradient-accumulation", 2, "--layer-decay", 0.9),
        *("--freeze-embeddings", "--freeze-layers", 1, "--csv-log", tmp_path / "logs" / "log.csv", "--license", "mit"),
    )
    assert code == 0, error
    assert {"loss", "f1", "val_accuracy", "test_loss", "test_accuracy", "test_f1"} <= set(result)
    assert len(saved) == 2  # behind the first epoch and at the end
    assert len((tmp_path / "logs" / "log.csv").read_text().splitlines()) == 3
    trained = TokenClassifier.from_pretrained(tmp_path / "out")
    assert trained.label_names() == ["B-LOC", "B-PER", "I-LOC", "O"]
    before = TokenClassifier.from_pretrained(place / "bare").model.bert.embeddings.word_embeddings.numpy()
    np.testing.assert_array_equal(trained.model.bert.embeddings.word_embeddings.numpy(), before)
    card = (tmp_path / "out" / "README.md").read_text()
    for part in ("| test | words.conll | 3 | 0 |", "| B-PER | 2 |", "| freeze layers | 1 |", "| seed | 0 |", "mit"):
        assert part in card, part
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["text_lengths.png", "training_curves.png"]
    assert not list((tmp_path / "out").glob(".partial*"))


@pytest.mark.parametrize(
    ("file", "content", "arguments", "code", "message"),
    [
        ("reviews.csv", "", ["--task", "feature-extraction"], 2, "nothing to train; tasks that have: text-class"),
        ("reviews.csv", "", ["--question", "text"], 2, "have no 'question'; they have text, text_pair, label"),
        ("reviews.csv", "", ["--validation-split", "1.5"], 2, "at least 0 and below 1"),
        ("reviews.csv", "", ["--validation-split", "0.1", "--validation-data", "x"], 2, "not both"),
        ("reviews.csv", "", ["--resume", "--early-stopping", "2"], 2, "give one of them"),
        ("reviews.csv", "", ["--lora-rank", "2", "--freeze-layers", "1"], 2, "leave out --freeze"),
        ("reviews.csv", "", ["--test-data", "{place}/none.csv"], 1, "none.csv"),
        ("bad.csv", "text,label\na,x\n,y\n", [], 1, "bad.csv' has nothing under 'text' in row 2 (line 3)."),
        ("bad.csv", "text,label\na,x\nb,z\n", ["--labels", "x", "y"], 1, "unknown label 'z' in row 2 (line 3)"),
        ("bad.csv", "text,label\na,x\nb,7\n", ["--labels", "x", "y"], 1, "unknown label '7' in row 2 (line 3)"),
        ("bad.csv", "text,label\na,x\nb,x\n", [], 1, "at least two different labels"),
        ("bad.csv", "text,label\na,x\nb,y\nc,z\n", ["--validation-split", "0.3"], 1, "to train the class 'z' on"),
        ("bad.csv", "text,label\na,x\nb,y\n", ["--test-data", "{place}/reviews.csv"], 1, "unknown label 'good' in row"),
        ("numbers.csv", "", ["--problem-type", "regression", "--class-weight", "balanced"], 2, "one class for each"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_on_is_refused(train, place, file, content, arguments, code, message):
    if content:
        (place / file).write_text(content)
    found, _, error = train(file, *(argument.format(place=place) for argument in arguments))
    assert found == code
    assert message in error


def test_bad_rows_are_skipped_classes_without_rows_named_and_an_infinite_loss_stops(train, place, tmp_path, caplog):
    (place / "holes.csv").write_text(REVIEWS + ",bad\nno label\nx,unknown\n")
    output = tmp_path / "out"
    output.mkdir()
    (output / "config.json").write_text("an older checkpoint")
    arguments = ("--skip-bad-rows", "--labels", "bad", "good", "rare", "--batch-size", 2)
    code, _, error = train("holes.csv", *arguments, "--learning-rate", "1e30", "--schedule", "constant")
    assert code == 1
    assert "Skipped 3 of 12 rows" in caplog.text
    assert "no training rows for 1 of the classes: 'rare'" in error
    assert "The loss became " in error
    assert "Give a lower --learning-rate, or a --clip-norm above 0. Nothing was saved." in error
    assert [path.name for path in output.iterdir()] == ["config.json"]


def test_a_full_disk_leaves_the_older_checkpoint_whole(place, tmp_path):
    task = TextClassifier.from_pretrained(place / "bare", num_labels=2)
    save_checkpoint(task, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    task.model.bert.embeddings.word_embeddings.assign_add(tf.ones([110, 32]))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match=r"could not be written to .*out'.* An older one there is still whole"):
            save_checkpoint(task, str(tmp_path / "out"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    task.model.variables[0].assign(tf.fill(task.model.variables[0].shape, np.nan))
    with pytest.raises(FloatingPointError, match="infinite or no numbers"):
        save_checkpoint(task, str(tmp_path / "out"))
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_the_lowest_layers_are_frozen_with_the_embeddings_below_them(place):
    files = ["--data", "x", "--output", "x"]
    task = TextClassifier.from_pretrained(place / "bare", num_labels=2)
    for arguments, embeddings, first, second in (
        ([], True, True, True),
        (["--freeze-embeddings"], False, True, True),
        (["--freeze-layers", "1"], False, False, True),
    ):
        options = make_parser().parse_args(["train", str(place / "bare"), *files, *arguments])
        make_ready(task, options, SimpleNamespace(count=9))
        bert = task.model.bert
        learning = [bool(part.trainable_weights) for part in (bert.embeddings, *bert.encoder.layers[:2])]
        assert learning == [embeddings, first, second]


@pytest.mark.exhaustive
@pytest.mark.parametrize("way", ["in memory", "streamed"])
@pytest.mark.parametrize("case", TASKS)
def test_every_task_trains_from_files(train, place, tmp_path, monkeypatch, case, way):
    if way == "streamed":
        monkeypatch.setattr(train_data, "IN_MEMORY", -1)
    file, arguments = TASKS[case]
    model = make_folder(tmp_path, "words") if case == "masks" else None
    held_out = ("--validation-data", place / file, "--test-data", place / file)
    code, result, error = train(file, *arguments, *held_out, "--epochs", 1, "--batch-size", 2, model=model)
    assert code == 0, error
    assert {"loss", "val_loss", "test_loss"} <= set(result)
    assert result["val_loss"] == pytest.approx(result["test_loss"], rel=1e-4)
    assert (tmp_path / "out" / "README.md").is_file()
    assert (tmp_path / "out" / "confusion_matrix.png").is_file() == (case in ("classes", "next"))


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "arguments",
    [
        ["--lora-rank", "2", "--export", "{out}/1"],
        ["--gradient-checkpointing", "--dtype", "mixed_bfloat16", "--group-by-length"],
        ["--jit", "--schedule", "constant", "--early-stopping", "1", "--tensorboard", "{out}/logs"],
    ],
)
def test_options_of_training(train, tmp_path, arguments):
    arguments = [argument.format(out=tmp_path) for argument in arguments]
    code, result, error = train("reviews.csv", "--validation-split", 0.4, "--no-plots", *arguments)
    assert code == 0, error
    assert np.isfinite(result["val_loss"])
    assert TextClassifier.from_pretrained(tmp_path / "out").label_names() == ["bad", "good"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("way", ["in memory", "streamed"])
def test_a_training_that_was_stopped_goes_on_to_the_same_weights(train, tmp_path, monkeypatch, way):
    if way == "streamed":
        monkeypatch.setattr(train_data, "IN_MEMORY", -1)

    def stop(*_):
        raise KeyboardInterrupt

    options = ("--resume", "--epochs", 3, "--batch-size", 2, "--no-plots", "--shuffle-buffer", 4)
    assert train("reviews.csv", *options, output=tmp_path / "whole")[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr(train_checkpoint, "save_checkpoint", stop)
        assert train("reviews.csv", *options, output=tmp_path / "stopped")[0] == 130
    assert os.listdir(tmp_path / "stopped") == ["training_state.npz"]
    code, _, error = train("reviews.csv", *options, output=tmp_path / "stopped")
    assert code == 0, error
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "stopped")]
    assert weights[0] == weights[1]
    assert "| 2 |" in (tmp_path / "stopped" / "README.md").read_text()


@pytest.mark.exhaustive
def test_a_process_killed_at_any_point_ends_with_the_same_weights(place, tmp_path):
    (place / "many.csv").write_text("text,label\n" + REVIEWS.partition("\n")[2] * 300)

    def start(output):
        command = [sys.executable, "-m", "tfbert.cli.main", "train", place / "bare", "--data", place / "many.csv"]
        options = ["--resume", "--epochs", "6", "--batch-size", "8", "--no-plots", "--output", output]
        return subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    assert start(tmp_path / "whole").wait() == 0
    state, waits = tmp_path / "killed" / "training_state.npz", random.Random(1)
    for kill in range(3):
        process, before = start(tmp_path / "killed"), state.stat().st_mtime_ns if state.is_file() else 0
        while process.poll() is None and (not state.is_file() or state.stat().st_mtime_ns == before):
            time.sleep(0.01)
        time.sleep(waits.uniform(0, 1.5))
        process.kill()
        assert process.wait() == -signal.SIGKILL, f"it was over before kill {kill}"
    assert start(tmp_path / "killed").wait() == 0
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]
