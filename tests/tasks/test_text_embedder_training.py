"""What a TextEmbedder learns from pairs, triplets and scored pairs, in every form that they come in."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks import TextEmbedder
from tfbert.training import BertAdamW, MultipleNegativesRankingLoss, TripletLoss

QUESTIONS = ["the cat", "a good dog", "very sad today", "i love paris"]
ANSWERS = ["on the mat", "happy , happy", "an awful movie", "great !"]
PAIRS = {"text": QUESTIONS, "text_pair": ANSWERS}
TRIPLETS = {**PAIRS, "negative": [*ANSWERS[2:], *ANSWERS[:2]]}
SCORED = (PAIRS, [0.9, -0.5, 0.0, 1.0])


@pytest.fixture(scope="module")
def folder(module_folder):
    return module_folder("model_gelu_l2")


@pytest.fixture
def embedder(folder):
    """An embedder that learns fast, in eager steps."""
    task = TextEmbedder.from_pretrained(folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    task.compile(BertAdamW(1e-2), run_eagerly=True)
    return task


def vectors_of(embedder, columns):
    return np.stack([embedder(texts)["embedding"].numpy() for texts in columns.values()], axis=1)


def dataset_of(data):
    return tf.data.Dataset.from_tensor_slices(data)


@pytest.mark.parametrize("given", [PAIRS, TRIPLETS])
def test_without_labels_the_loss_is_that_of_negatives_in_the_batch(embedder, given):
    vectors = vectors_of(embedder, given)
    numbers = np.unique(np.stack(list(given.values()), axis=1), return_inverse=True)[1].reshape(vectors.shape[:2])
    expected = float(MultipleNegativesRankingLoss()(numbers, vectors))
    assert embedder.evaluate(given, verbose=0) == pytest.approx(expected, rel=1e-4)
    rows = [dict(zip(given, row)) for row in zip(*given.values())]
    for form in (rows, dataset_of(given).batch(4)):
        features, numbers_found = next(iter(embedder.evaluation_dataset(form)))
        np.testing.assert_array_equal(np.unique(numbers_found["text_numbers"]), np.unique(numbers))
        assert list(features) == list(given)


@pytest.mark.slow
def test_texts_find_what_belongs_to_them(embedder):
    loss = embedder.fit(PAIRS, batch_size=4, epochs=10, verbose=0).history["loss"]
    assert loss[-1] < 0.5 * loss[0]
    assert embedder.similarity(QUESTIONS, ANSWERS).argmax(1).tolist() == [0, 1, 2, 3]


@pytest.mark.exhaustive
def test_triplets_push_the_negative_away(embedder):
    embedder.compile(BertAdamW(1e-2), loss=TripletLoss(0.5), run_eagerly=True)
    first = embedder.evaluate(TRIPLETS, verbose=0)
    anchor, positive, negative = np.moveaxis(vectors_of(embedder, TRIPLETS), 1, 0)
    nearer = np.linalg.norm(anchor - positive, axis=1) - np.linalg.norm(anchor - negative, axis=1)
    assert first == pytest.approx(np.maximum(nearer + 0.5, 0).mean(), rel=1e-4)
    embedder.fit(TRIPLETS, epochs=6, batch_size=4, verbose=0)
    assert embedder.evaluate(TRIPLETS, verbose=0) < 0.6 * first


def test_equal_texts_of_a_batch_are_no_negatives_of_each_other(embedder):
    twice = {"text": [*QUESTIONS[:2], QUESTIONS[0]], "text_pair": [*ANSWERS[:2], ANSWERS[0]]}
    vectors = vectors_of(embedder, twice)
    numbers = ([[0, 1], [2, 3], [0, 1]], [[0, 1], [2, 3], [4, 5]])
    losses = [float(MultipleNegativesRankingLoss()(of_texts, vectors)) for of_texts in numbers]
    assert embedder.evaluate(twice, verbose=0) == pytest.approx(losses[0], rel=1e-4)
    assert losses[0] < losses[1] - 1e-3


def test_pairs_may_be_trained_and_scored_ones_validated(embedder):
    embedder.compile(BertAdamW(1e-3), metrics=["mae"], run_eagerly=True)
    history = embedder.fit(PAIRS, validation_data=SCORED, verbose=0).history
    assert set(history) == {"loss", "val_loss", "val_mae"}
    cosines = embedder.similarity_pairwise(QUESTIONS, ANSWERS)
    assert history["val_mae"][0] == pytest.approx(np.abs(cosines - SCORED[1]).mean(), rel=1e-3)
    assert history["val_loss"][0] == pytest.approx(np.square(cosines - SCORED[1]).mean(), rel=1e-3)


@pytest.mark.parametrize("loss", [None, "mse"])
def test_weights_weigh_scored_pairs(embedder, loss):
    embedder.compile(BertAdamW(1e-3), loss=loss, run_eagerly=True)
    errors = np.square(embedder.similarity_pairwise(QUESTIONS, ANSWERS) - SCORED[1])
    weights = np.array([1.0, 0.0, 2.0, 3.0])
    found = embedder.evaluate(*SCORED, sample_weight=weights, verbose=0)
    assert found == pytest.approx(np.mean(errors * weights), rel=1e-4)


def test_a_single_pair_may_be_left_over(embedder):
    three = {name: texts[:3] for name, texts in PAIRS.items()}
    two = {name: texts[:2] for name, texts in PAIRS.items()}
    loss, of_two = (embedder.evaluate(given, batch_size=2, verbose=0) for given in (three, two))
    assert loss == pytest.approx(of_two * 2 / 3, rel=1e-4)
    assert np.isfinite(embedder.fit(three, batch_size=2, verbose=0).history["loss"]).all()


def test_a_saved_task_trains_on(embedder, tmp_path):
    embedder.compile(BertAdamW(1e-2), loss=MultipleNegativesRankingLoss(scale=5.0, symmetric=True), run_eagerly=True)
    embedder.fit(PAIRS, verbose=0)
    expected = embedder.evaluate(PAIRS, verbose=0)
    embedder.save(tmp_path / "embedder.keras")
    again = keras.models.load_model(tmp_path / "embedder.keras")
    assert again.evaluate(PAIRS, verbose=0) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda e: e.fit(QUESTIONS, verbose=0), r"trains on pairs.*Received: the columns \['text'\]"),
        (lambda e: e.fit(TRIPLETS, [0.1] * 4, verbose=0), r"'negative'\] with labels"),
        (lambda e: e.fit(dataset_of((TRIPLETS, [0.1] * 4)), verbose=0), r"'negative'\] with labels"),
        (lambda e: e.fit({"text": ["a"], "negative": ["b"]}, verbose=0), r"Received: the columns \['text', 'neg"),
        (lambda e: e.fit({**PAIRS, "positive": ANSWERS}, verbose=0), "must have the key"),
        (lambda e: e.fit(PAIRS, sample_weight=[1.0] * 4, verbose=0), "`sample_weight` weighs pairs that have"),
        (lambda e: e.fit({**PAIRS, "negative": ["a"]}, verbose=0), "same number of rows"),
        (lambda e: e.predict(TRIPLETS, verbose=0), "must have the key"),
    ],
)
def test_wrong_use_is_refused(embedder, act, message):
    with pytest.raises(ValueError, match=message):
        act(embedder)


@pytest.mark.parametrize("form", [PAIRS, dataset_of(PAIRS)])
def test_batches_of_one_pair_are_refused(embedder, form):
    with pytest.raises(tf.errors.InvalidArgumentError, match="a batch_size of at least 2"):
        embedder.fit(form, batch_size=1, verbose=0)


def test_a_loss_for_other_columns_is_refused(embedder):
    embedder.compile(BertAdamW(1e-2), loss=TripletLoss(), run_eagerly=True)
    with pytest.raises(ValueError, match="TripletLoss compares the vectors of 3 texts or more a row"):
        embedder.fit(PAIRS, verbose=0)
    embedder.compile(BertAdamW(1e-2), loss="mse", run_eagerly=True)
    with pytest.raises(ValueError, match="The loss 'mse' compares similarities: give `y`"):
        embedder.fit(PAIRS, verbose=0)
