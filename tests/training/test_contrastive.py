"""The contrastive losses: sentence-transformers' values and gradients, texts that occur twice, wrong uses."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.training import MultipleNegativesRankingLoss, TripletLoss

LOSSES = {
    "pairs": MultipleNegativesRankingLoss(),
    "triplets": MultipleNegativesRankingLoss(),
    "pairs, dot": MultipleNegativesRankingLoss(scale=1.0, similarity="dot"),
    "pairs, symmetric": MultipleNegativesRankingLoss(symmetric=True),
    "triplets, symmetric": MultipleNegativesRankingLoss(symmetric=True),
    "cosine distance": TripletLoss(0.5, "cosine"),
    "euclidean distance": TripletLoss(1.0),
}
RANDOM = np.random.default_rng(1)


@pytest.fixture(scope="module")
def references():
    with np.load(Path(__file__).parents[1] / "fixtures" / "contrastive_references.npz") as arrays:
        return dict(arrays)


def distinct(vectors):
    """Numbers of texts that all differ."""
    return np.arange(vectors.shape[0] * vectors.shape[1]).reshape(vectors.shape[:2])


@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_gradients_are_those_of_sentence_transformers(references, name):
    gradient = references[f"{name}/gradient"]
    vectors = tf.Variable(references["vectors"][:, : gradient.shape[1]])
    with tf.GradientTape() as tape:
        loss = LOSSES[name](distinct(vectors), vectors)
    assert float(loss) == pytest.approx(float(references[f"{name}/loss"]), abs=1e-5)
    np.testing.assert_allclose(tape.gradient(loss, vectors), gradient, atol=1e-5)


def test_the_loss_of_scored_pairs_is_that_of_sentence_transformers(references):
    anchors, positives, _ = tf.unstack(references["vectors"], axis=1)
    cosines = -keras.losses.cosine_similarity(anchors, positives)
    loss = keras.losses.MeanSquaredError()(references["scores"], cosines)
    assert float(loss) == pytest.approx(float(references["scores/loss"]), abs=1e-5)


def test_manhattan_distances_are_sums():
    a, p, n = RANDOM.normal(size=(3, 4, 5)).astype(np.float32)
    expected = np.maximum(np.abs(a - p).sum(1) - np.abs(a - n).sum(1) + 2, 0).mean()
    vectors = np.stack([a, p, n], axis=1)
    assert float(TripletLoss(2.0, "manhattan")(distinct(vectors), vectors)) == pytest.approx(expected, rel=1e-5)


def expected_ranking(numbers, vectors, scale):
    """The loss row by row: candidates that are right as well are left out."""
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    rows, texts = numbers.shape
    losses = []
    for row in range(rows):
        scores = [scale * unit[row, 0] @ unit[row, 1]]
        for other in range(rows):
            for text in range(1, texts):
                is_own = (other, text) == (row, 1)
                is_right = numbers[other, text] in numbers[row, :2]
                same_anchor = text == 1 and numbers[other, 0] == numbers[row, 0]
                if not (is_own or is_right or same_anchor):
                    scores.append(scale * unit[row, 0] @ unit[other, text])
        losses.append(np.log(np.sum(np.exp(scores))) - scores[0])
    return np.mean(losses)


@pytest.mark.parametrize(
    "numbers",
    [
        [[0, 1], [2, 1], [3, 4]],  # one positive twice
        [[0, 1], [0, 2], [3, 4]],  # two positives of one anchor
        [[0, 1], [2, 0], [3, 4]],  # an anchor that is another's positive
        [[0, 1, 5], [2, 3, 1], [4, 6, 5]],  # a negative that is a positive elsewhere, and one that occurs twice
        [[0, 1, 2], [0, 3, 4], [5, 6, 7]],  # the negatives of an equal anchor stay
    ],
)
def test_texts_that_are_right_as_well_are_no_negatives(numbers):
    numbers = np.array(numbers)
    by_text = RANDOM.normal(size=(8, 5)).astype(np.float32)
    vectors = by_text[numbers]
    loss = MultipleNegativesRankingLoss(scale=2.0)
    assert float(loss(numbers, vectors)) == pytest.approx(expected_ranking(numbers, vectors, 2.0), rel=1e-4)
    assert float(loss(numbers, vectors)) < float(loss(distinct(vectors), vectors)) - 1e-3


def test_a_positive_that_equals_its_anchor_has_finite_gradients():
    vectors = tf.Variable(np.tile(RANDOM.normal(size=(2, 1, 4)), (1, 3, 1)).astype(np.float32))
    for loss in (TripletLoss(), MultipleNegativesRankingLoss(symmetric=True)):
        with tf.GradientTape() as tape:
            value = loss(distinct(vectors), vectors)
        assert np.isfinite(tape.gradient(value, vectors)).all()


@pytest.mark.parametrize("name", ["pairs, symmetric", "euclidean distance", "pairs, dot"])
def test_losses_are_saved_with_their_options(name):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(LOSSES[name]))
    vectors = RANDOM.normal(size=(3, 3, 4)).astype(np.float32)
    assert float(again(distinct(vectors), vectors)) == float(LOSSES[name](distinct(vectors), vectors))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: MultipleNegativesRankingLoss(scale=0), "`scale` must be above 0"),
        (lambda: MultipleNegativesRankingLoss(similarity="euclidean"), "`similarity` must be one of"),
        (lambda: TripletLoss(margin=-1), "`margin` must be at least 0"),
        (lambda: TripletLoss(distance="dot"), "`distance` must be one of"),
        (lambda: TripletLoss()([[0, 1]], [[[1.0], [2.0]]]), r"the vectors of 3 texts.*'negative': \[…\]"),
        (lambda: MultipleNegativesRankingLoss()([0.5], [[0.1]]), r"Received: outputs of shape \(1, 1\)"),
    ],
)
def test_wrong_use_is_refused(act, message):
    with pytest.raises(ValueError, match=message):
        act()
