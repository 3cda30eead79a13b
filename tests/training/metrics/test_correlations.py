import logging

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import pearsonr, spearmanr

from tests.training.metrics.conftest import LOGIT_TYPES, copied
from tfbert.training.metrics import PearsonCorrelation, SpearmanCorrelation


def drawn(rng, rows=60):
    labels = rng.normal(5.0, 0.5, rows).astype(np.float32)
    return labels, (labels + rng.normal(size=rows)).astype(np.float32)[:, None]


@pytest.mark.parametrize(("make", "reference"), [(PearsonCorrelation, pearsonr), (SpearmanCorrelation, spearmanr)])
def test_they_are_those_of_scipy_over_all_rows(make, reference, rng, streamed):
    labels, scores = drawn(rng)
    metric = make()
    assert float(streamed(metric, labels, scores)) == pytest.approx(reference(labels, scores[:, 0])[0], abs=1e-6)
    metric.reset_state()
    tied = np.round(labels * 2)  # many of a value
    expected = reference(tied, np.round(scores[:, 0]))[0]
    assert float(streamed(metric, tied, np.round(scores))) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("make", [PearsonCorrelation, SpearmanCorrelation])
def test_what_has_no_correlation_is_nan_as_in_scipy(make, streamed):
    metric = make()
    assert np.isnan(metric.result())
    metric.update_state([1.0], [[2.0]])
    assert np.isnan(metric.result())
    assert np.isnan(streamed(make(), np.arange(9.0), np.full([9, 1], 0.1, np.float32)))
    assert np.isnan(streamed(make(), np.full(9, 3.7), np.arange(9.0)[:, None]))
    assert np.isnan(streamed(make(), np.arange(9.0), np.array([np.nan, *range(8)])[:, None]))


def test_pearson_of_many_batches_far_from_zero(rng):
    labels, metric = rng.normal(1e3, 1.0, (300, 8)).astype(np.float32), PearsonCorrelation()
    scores = (0.5 * labels + rng.normal(size=labels.shape)).astype(np.float32)
    step = tf.function(metric.update_state)
    for part in zip(labels, scores):
        step(*map(tf.constant, part))
    assert float(metric.result()) == pytest.approx(pearsonr(labels.ravel(), scores.ravel())[0], abs=1e-6)


def test_pearson_weighs_rows():
    metric = PearsonCorrelation()
    metric.update_state([1.0, 2.0, 3.0], [1.0, 5.0, 2.0], sample_weight=[2, 1, 0])
    assert float(metric.result()) == pytest.approx(1.0)


@pytest.mark.parametrize("dtype", LOGIT_TYPES)
def test_scores_of_every_type(dtype):
    for metric in (PearsonCorrelation(), SpearmanCorrelation()):
        metric.update_state(tf.constant([0.0, 1.0, 2.0]), tf.constant([[3.0], [2.0], [1.0]], dtype))
        assert float(metric.result()) == pytest.approx(-1.0)


def test_they_compile_and_are_saved(rng, in_xla):
    labels, scores = drawn(rng)
    for metric in (PearsonCorrelation(name="mine"), SpearmanCorrelation(capacity=100)):
        other = copied(metric)
        assert other.get_config() == metric.get_config()
        other.update_state(labels, scores)
        assert float(in_xla(metric, labels, scores)) == pytest.approx(float(other.result()), abs=1e-6)


def test_spearman_in_a_graph_is_of_the_last_rows(rng):
    labels, scores = drawn(rng, 1500)
    metric = SpearmanCorrelation()
    result = tf.function(metric.result)
    metric.update_state(labels[:20], scores[:20])
    assert float(result()) == pytest.approx(spearmanr(labels[:20], scores[:20])[0], abs=1e-6)
    metric.update_state(labels[20:], scores[20:])
    assert float(result()) == pytest.approx(spearmanr(labels[-1024:], scores[-1024:])[0], abs=1e-6)
    assert float(metric.result()) == pytest.approx(spearmanr(labels, scores)[0], abs=1e-6)


@pytest.mark.parametrize("cuts", [(7, 19, 33), (5, 40, 59), (2,)])
def test_spearman_of_more_rows_than_it_keeps_says_so(cuts, rng, streamed, caplog):
    labels, scores = drawn(rng)
    with caplog.at_level(logging.WARNING, "tfbert"):
        found = streamed(SpearmanCorrelation(capacity=20), labels, scores, cuts)
    assert float(found) == pytest.approx(spearmanr(labels[-20:], scores[-20:])[0], abs=1e-6)
    assert "of the last 20 of 60 rows" in caplog.text


def test_a_model_is_compiled_with_them(rng):
    model = keras.Sequential([keras.layers.Input([3]), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[PearsonCorrelation(), SpearmanCorrelation()])
    x = rng.normal(size=(50, 3))
    y = x.sum(axis=1) + rng.normal(size=50)
    model.fit(x, y, batch_size=7, validation_data=(x, y), verbose=0)
    result = model.evaluate(x, y, batch_size=7, verbose=0, return_dict=True)
    scores = model.predict(x, verbose=0)[:, 0]
    assert result["pearson"] == pytest.approx(pearsonr(y, scores)[0], abs=1e-5)
    assert result["spearman"] == pytest.approx(spearmanr(y, scores)[0], abs=1e-5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: SpearmanCorrelation(capacity=1), "`capacity` must be an integer of at least 2. Received: 1"),
        (lambda: SpearmanCorrelation().update_state([1.0], [1.0], [1.0]), "takes no weights"),
        (lambda: PearsonCorrelation().update_state([[1.0, 2.0]], [[1.0, 2.0]]), "`y_true` must hold one number"),
        (lambda: SpearmanCorrelation().update_state([1.0], [[1.0, 2.0]]), "`y_pred` must hold one number"),
    ],
)
def test_wrong_uses_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
