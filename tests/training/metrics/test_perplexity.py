import numpy as np
import pytest
import tensorflow as tf

from tests.training.metrics.conftest import LOGIT_TYPES, copied
from tfbert.training.losses.label_losses import NextTokenLoss, cross_entropy
from tfbert.training.metrics import Perplexity

PIECES = 7


def drawn(rng):
    labels, logits = rng.integers(0, PIECES, (6, 5)), rng.normal(size=(6, 5, PIECES)).astype(np.float32)
    labels[1, 2:] = -100
    labels[4] = -100
    return labels, logits


def losses_of(labels, logits):
    log_probabilities = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return -np.take_along_axis(log_probabilities, np.maximum(labels, 0)[..., None], -1)[..., 0]


def test_it_is_that_of_the_mean_loss_over_all_labels(rng, streamed):
    labels, logits = drawn(rng)
    expected = np.exp(losses_of(labels, logits)[labels >= 0].mean())
    assert float(streamed(Perplexity(), labels, logits)) == pytest.approx(expected, rel=1e-5)
    assert float(tf.exp(cross_entropy()(labels, logits))) == pytest.approx(expected, rel=1e-5)


def test_causal_models_tell_the_next_piece(rng, streamed):
    labels, logits = drawn(rng)
    expected = np.exp(losses_of(labels[:, 1:], logits[:, :-1])[labels[:, 1:] >= 0].mean())
    assert float(streamed(Perplexity(shift=True), labels, logits)) == pytest.approx(expected, rel=1e-5)
    assert float(tf.exp(NextTokenLoss()(labels, logits))) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("dtype", LOGIT_TYPES)
def test_logits_of_every_type_and_weights_of_rows(dtype):
    metric = Perplexity()
    logits = tf.cast([[[0.0] * 8], [[0.0, 4.0] + [-30.0] * 6]], dtype)
    metric.update_state(tf.constant([[3], [1]]), logits, sample_weight=[1.0, 0.0])
    assert metric.result().dtype == tf.float32
    assert float(metric.result()) == pytest.approx(8.0)


def test_nothing_to_tell_is_nan_it_compiles_and_is_saved(rng, in_xla):
    labels, logits = drawn(rng)
    metric = Perplexity(shift=True, name="mine")
    metric.update_state(np.full([2, 3], -100), np.ones([2, 3, PIECES]))
    assert np.isnan(metric.result())
    other = copied(metric)
    assert other.get_config() == metric.get_config()
    other.update_state(labels, logits)
    assert float(in_xla(metric, labels, logits)) == pytest.approx(float(other.result()), rel=1e-5)
    metric.reset_state()
    assert np.isnan(metric.result())
