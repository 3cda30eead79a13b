"""The main job on real weights and tweets, with a sixteenth of the demo's steps: train, export, answer elsewhere."""

import json
import subprocess
import sys

import numpy as np
import pytest

from examples.sentiment import split_tweets, train

pytestmark = [pytest.mark.weights, pytest.mark.slow]

ANSWER = """
import json, sys
import tensorflow as tf
import tensorflow_text
model = tf.saved_model.load(sys.argv[1])
answers = model.signatures["serving_default"](text=tf.constant(json.load(sys.stdin)))
assert "tfbert" not in sys.modules
labels = [label.decode() for label in answers["label"].numpy()]
print(json.dumps({"label": labels, "logits": answers["logits"].numpy().tolist()}))
"""


@pytest.fixture(scope="module")
def trained(minilm_folder):
    return train(minilm_folder, epochs=1, batch_size=32, learning_rate=2e-4, seed=0, rows=1376)


def test_split_is_the_one_of_the_baselines():
    train_texts, test_texts, _, test_labels = split_tweets()
    assert (len(train_texts), len(test_texts)) == (2745, 687)
    assert test_labels.count("positive") / 687 == pytest.approx(0.683, abs=0.001)
    assert not set(train_texts) & set(test_texts)


def test_held_out_accuracy(trained):
    _, accuracy, held_out = trained
    assert held_out == 687
    assert accuracy >= 0.90


def test_a_new_process_answers_to_one_millionth(trained, tmp_path):
    classifier, _, _ = trained
    path = classifier.export(tmp_path / "sentiment" / "1")
    texts = split_tweets()[1][:64]
    result = subprocess.run(
        [sys.executable, "-c", ANSWER, str(path)], input=json.dumps(texts), capture_output=True, text=True, cwd="/"
    )
    assert result.returncode == 0, result.stderr
    answer, expected = json.loads(result.stdout), classifier.predict(texts, batch_size=64, verbose=0)
    assert answer["label"] == expected["label"].tolist()
    np.testing.assert_allclose(answer["logits"], expected["logits"], atol=1e-6)
