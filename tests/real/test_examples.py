"""Every example runs, and prints what the README shows."""

import importlib
import re
from pathlib import Path

import keras
import pytest

from examples import assets
from examples.entities import train

pytestmark = pytest.mark.weights

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def shown(script):
    """What the README shows as the output of a script: the lines of its block after the command."""
    block = re.search(rf"    \$ python examples/{script}\.py\n((?:    (?!\$).*\n)+)", README)
    return [line[4:] for line in block[1].splitlines()]


def run(script, capsys):
    keras.backend.clear_session()
    importlib.import_module(f"examples.{script}").main()
    return capsys.readouterr().out.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("script", ["search", "fill_masks", "features"])
def test_examples_without_training_print_what_the_readme_shows(script, capsys):
    assert run(script, capsys) == shown(script)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("ask", ["Where does Zoe live? Hamburg", "What does Zoe do? a surgeon"]),
        pytest.param(
            "choose",
            ["banana: a fruit", "cat: an animal", "screwdriver: a tool", "motorcycle: a vehicle"],
            marks=pytest.mark.exhaustive,
        ),
        (
            "generate",
            [
                "the cat sat on the mat and looked at the moon",
                "a dog ran over the hill to find its old friend",
                "we went to the sea and swam until the sun was gone",
            ],
        ),
    ],
)
def test_examples_that_learn_answer_as_the_readme_shows(script, expected, capsys):
    assert run(script, capsys) == expected == shown(script)


@pytest.mark.exhaustive
def test_next_sentence_is_right_about_most_pairs(capsys):
    share = float(re.search(r"\d\.\d\d", run("next_sentence", capsys)[0])[0])
    assert share >= 0.95


@pytest.mark.exhaustive
def test_zero_shot_puts_an_unseen_label_first(capsys):
    assert run("zero_shot", capsys)[0].startswith("a carpenter ")
    assert shown("zero_shot")[0].startswith("a carpenter ")


@pytest.mark.exhaustive
def test_entities_beat_the_frozen_encoder():
    model, score = train(assets.minilm_folder())
    assert "B-person" in model.config.label2id
    assert score >= 0.36  # .286 with a linear head on the frozen encoder
