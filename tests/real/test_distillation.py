"""The example of distillation: what the student is taught with, and what it has learned in the end."""

import json
import sys

import numpy as np
import pytest

from examples import assets, distill
from examples.sentiment import split_tweets
from tfbert.tasks import TextClassifier

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def encoder(minilm_folder):
    """MiniLM, whose head does not matter here."""
    return TextClassifier.from_pretrained(minilm_folder, max_length=128)


@pytest.mark.slow
def test_no_held_out_tweet_is_taught(encoder):
    texts = distill.transfer_texts(encoder, copies=1)
    train, held_out, _, _ = split_tweets()
    assert not set(texts) & set(held_out)
    assert set(train) <= set(texts)
    assert set(assets.rated_words()[0]) <= set(texts)
    assert len(set(texts)) == len(texts) > 30_000


def test_new_tweets_are_the_same_in_every_run_and_others_than_the_old_ones(encoder):
    tweets = split_tweets()[0][:200]
    words = assets.rated_words()[0]
    alike = distill.neighbours(encoder, tweets)
    made = distill.new_tweets(tweets, 2, words, alike)
    assert made == distill.new_tweets(tweets, 2, words, alike)
    assert len(made) == 400
    assert len(set(made) - set(tweets)) > 300
    assert {"great", "bad"} & set(alike["good"])


def test_a_student_begins_with_the_teachers_view_of_its_pieces(encoder):
    tweets = split_tweets()[0][:500]
    student = distill.make_student(encoder, tweets, vocab_size=600, width=16, layers=1)
    tokens = student.tokenizer.token_table.tokens
    assert len(tokens) == 600
    assert set(tokens) <= set(encoder.tokenizer.token_table.tokens)
    table = np.asarray(student.model.bert.embeddings.weight)
    assert table.shape == (600, 16)
    np.testing.assert_allclose(table.T @ table, np.diag(np.diag(table.T @ table)), atol=1e-3)  # principal parts
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    cosines = table @ table[tokens.index("good")]
    assert cosines[tokens.index("great")] > np.quantile(cosines, 0.9)


@pytest.mark.exhaustive
def test_a_student_of_less_than_five_megabytes_is_nearly_as_good(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["distill.py"])
    distill.main()
    teacher, student = json.loads((distill.OUTPUT / "record.json").read_text())["models"]
    assert student["megabytes"] <= 5.0
    assert student["accuracy"] >= teacher["accuracy"] - 0.03
    assert student["texts_per_second"] > 4 * teacher["texts_per_second"]
