"""`tfbert pretrain`: from text files to a checkpoint that every task loads, and on from there."""

import json

import pytest

from tests.conftest import tiny_vocabulary
from tfbert.cli import train_checkpoint
from tfbert.cli.main import main
from tfbert.layers import FastBertTokenizer
from tfbert.tasks import MaskFiller, TextClassifier

TEXT = "the cat sat on the mat .\ni love the good cat !\n\na dog ran today .\nyou hate the bad dog , not the cat .\n\n"
SMALL = ["--hidden-size", "8", "--num-layers", "1", "--num-heads", "2", "--intermediate-size", "8"]


@pytest.fixture
def run(capsys, tmp_path):
    """Return a function that runs the command on files of a folder and returns (exit code, output, error text)."""
    FastBertTokenizer(tiny_vocabulary(), max_length=48).save_pretrained(tmp_path / "tokenizer")
    (tmp_path / "a.txt").write_text(TEXT * 12)
    (tmp_path / "b.txt").write_text("one line alone")
    (tmp_path / "c.txt").write_text("a sentence alone\n\n" * 9)
    (tmp_path / "blank.txt").write_text(" \n\n")

    def call(*arguments):
        base = ["pretrain", "--output", str(tmp_path / "out"), "--max-length", "24", "--batch-size", "8"]
        try:
            code = main([*base, *map(str, arguments)])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.slow
def test_a_model_is_made_saved_and_trained_on(run, tmp_path, monkeypatch):
    save, steps = train_checkpoint.save_checkpoint, []

    def count_and_save(task, folder):
        steps.append(int(task.optimizer.iterations))
        save(task, folder)

    monkeypatch.setattr(train_checkpoint, "save_checkpoint", count_and_save)
    monkeypatch.setattr("tfbert.tasks.labels.sentence_pairs.WINDOW", 64)
    data = ["--data", tmp_path / "a.txt", "--json", "--steps", 21]
    code, out, error = run("--vocabulary", tmp_path / "tokenizer" / "vocab.txt", *data, *SMALL)
    assert code == 0, error
    result = json.loads(out)
    assert result["output"] == str(tmp_path / "out")
    assert 1 < result["unigram_perplexity"] < 40 < result["perplexity"] < 200
    assert 0 <= result["seq_relationship_logits_accuracy"] <= 1
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    expected = {"architectures": ["BertForPreTraining"], "hidden_size": 8, "num_hidden_layers": 1}
    assert {name: config[name] for name in expected} == expected
    assert config["vocab_size"] == len(tiny_vocabulary())
    assert TextClassifier.from_pretrained(tmp_path / "out").tokenizer.max_length == 24
    assert not MaskFiller.from_pretrained(tmp_path / "out").has_new_head

    code, out, error = run("--init", tmp_path / "out", *data[:2], "--epochs", 1, "--no-nsp", "--whole-word-masking")
    assert code == 0, error
    assert steps == [21, 3]
    assert "held-out text, where the frequencies of pieces alone have" in out.splitlines()[-1]
    assert json.loads((tmp_path / "out" / "config.json").read_text())["architectures"] == ["BertForMaskedLM"]


@pytest.mark.parametrize(
    ("arguments", "expected", "message"),
    [
        (["--data", "a.txt"], 2, "one of the arguments --vocabulary --init is required"),
        (["--vocabulary", "a.txt", "--data", "a.txt"], 2, "--vocabulary takes the folder of a tokenizer"),
        (["--init", "tokenizer", "--data", "a.txt", *SMALL], 2, "--init brings its own sizes"),
        (["--vocabulary", "tokenizer", "--data", "missing.txt"], 1, "There is no file"),
        (["--vocabulary", "tokenizer", "--data", "b.txt"], 1, "too few documents to train on; 2 or more"),
        (
            ["--vocabulary", "tokenizer", "--data", "b.txt", "--validation-data", "a.txt", *SMALL],
            1,
            "too few documents to train on; 2 or more",
        ),
        (["--vocabulary", "tokenizer", "--data", "c.txt", *SMALL], 1, "documents of two or more sentences"),
        (
            ["--vocabulary", "tokenizer", "--data", "a.txt", "--validation-data", "c.txt", *SMALL],
            1,
            "documents of two or more sentences",
        ),
        (["--vocabulary", "tokenizer", "--data", "blank.txt", *SMALL], 1, "There is no text in '"),
        (["--vocabulary", "tokenizer", "--data", "a.txt", "--num-heads", "3"], 1, "multiple of `num_attention_heads`"),
    ],
)
def test_wrong_use_is_refused(run, tmp_path, arguments, expected, message):
    names = {"a.txt", "b.txt", "c.txt", "blank.txt", "missing.txt", "tokenizer"}
    code, _, error = run(*(tmp_path / text if text in names else text for text in arguments))
    assert code == expected
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()
