import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import f1_score, matthews_corrcoef

from tests.training.metrics.conftest import LOGIT_TYPES, copied
from tfbert.training.metrics import Accuracy, F1Score, MatthewsCorrelation

CLASSES = 4


def drawn(rng, kind):
    """Labels [24], one of them ignored, and logits [24, 4]."""
    labels, logits = rng.integers(0, CLASSES, 24), rng.normal(size=(24, CLASSES)).astype(np.float32)
    logits[np.arange(24), labels] += 1.0
    if kind == "a class missing":
        labels[labels == 2] = 0
        logits[:, 2] = -9
    if kind == "a class never answered":
        logits[:, 1] = -9
    if kind == "constant":
        logits[:, 3] = 9
    labels[5] = -100
    return labels, logits


@pytest.mark.parametrize("kind", ["ordinary", "a class missing", "a class never answered", "constant"])
def test_they_are_those_of_scikit_learn(kind, rng, streamed):
    labels, logits = drawn(rng, kind)
    counted = labels >= 0
    expected, found = labels[counted], logits.argmax(1)[counted]
    for average in ("micro", "macro", "weighted"):
        value = streamed(F1Score(average), labels, logits)
        np.testing.assert_allclose(value, f1_score(expected, found, average=average), rtol=1e-5)
    each = f1_score(expected, found, average=None, labels=range(CLASSES), zero_division=0.0)
    np.testing.assert_allclose(streamed(F1Score(None), labels, logits), each, rtol=1e-5)
    matthews = streamed(MatthewsCorrelation(), labels, logits)
    np.testing.assert_allclose(matthews, matthews_corrcoef(expected, found), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(streamed(Accuracy(), labels, logits), (expected == found).mean(), rtol=1e-6)


def test_two_classes_have_the_matthews_correlation_of_their_table():
    # 6 right ones, 3 right zeros, 1 zero called one, 2 ones called zero: (6·3 - 1·2) / √(7·8·4·5)
    labels, answers = np.array([1] * 8 + [0] * 4), np.array([1] * 6 + [0] * 2 + [0] * 3 + [1])
    metric = MatthewsCorrelation()
    metric.update_state(labels, np.eye(2)[answers])
    assert float(metric.result()) == pytest.approx(16 / 1120**0.5)


def test_weights_count_as_scikit_learns(rng):
    labels, logits = rng.integers(0, CLASSES, 20), rng.normal(size=(20, CLASSES)).astype(np.float32)
    weights, found = rng.uniform(0, 3, 20), logits.argmax(1)
    for metric, expected in (
        (F1Score("macro"), f1_score(labels, found, average="macro", sample_weight=weights)),
        (MatthewsCorrelation(), matthews_corrcoef(labels, found, sample_weight=weights)),
    ):
        metric.update_state(labels, logits, sample_weight=weights)
        assert float(metric.result()) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("average", ["micro", "macro", "weighted", None])
def test_several_labels_a_text(average, rng, streamed):
    labels, logits = rng.integers(0, 2, (15, CLASSES)), rng.normal(size=(15, CLASSES)).astype(np.float32)
    labels[:, 1], logits[:, 1] = 0, -1.0  # a label that nobody has
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        expected = f1_score(labels, logits > 0, average=average)
    np.testing.assert_allclose(streamed(F1Score(average, multi_label=True), labels, logits), expected, rtol=1e-5)


def test_ignored_entries_of_rows_do_not_count():
    metric = F1Score("micro", multi_label=True)
    metric.update_state([[1, -100], [-100, -100]], [[1.0, 1.0], [2.0, 2.0]])
    assert float(metric.result()) == 1.0


@pytest.mark.parametrize("make", [F1Score, MatthewsCorrelation, Accuracy])
def test_nothing_to_count_is_zero_and_tokens_count_one_by_one(make, rng):
    metric = make()
    assert float(metric.result()) == 0.0
    metric.update_state(np.full([2, 3], -100), np.ones([2, 3, CLASSES]))
    metric.update_state(np.zeros([0, 3], int), np.ones([0, 3, CLASSES]))
    assert float(metric.result()) == 0.0
    labels, logits = rng.integers(0, CLASSES, (2, 3)), rng.normal(size=(2, 3, CLASSES))
    metric.update_state(labels, logits)
    flat = make()
    flat.update_state(labels.ravel(), logits.reshape(-1, CLASSES))
    assert float(metric.result()) == pytest.approx(float(flat.result()))
    metric.reset_state()
    assert float(metric.result()) == 0.0


@pytest.mark.parametrize("dtype", LOGIT_TYPES)
def test_logits_of_every_type(dtype):
    logits = tf.constant([[0.0, 2.0], [3.0, 0.0]], dtype)
    for metric in (F1Score(), MatthewsCorrelation(), Accuracy()):
        metric.update_state(tf.constant([1, 0]), logits)
        assert metric.result().dtype == tf.float32
        assert float(metric.result()) == 1.0
    several = F1Score(multi_label=True)
    several.update_state(tf.constant([[0, 1], [1, 0]]), logits)
    assert float(several.result()) == 1.0


def test_they_compile_and_are_saved(rng, in_xla):
    labels, logits = rng.integers(0, CLASSES, 12), rng.normal(size=(12, CLASSES)).astype(np.float32)
    for metric in (F1Score("weighted", num_classes=CLASSES, name="mine"), MatthewsCorrelation(CLASSES)):
        other = copied(metric)
        assert other.get_config() == metric.get_config()
        other.update_state(labels, logits)
        assert float(in_xla(metric, labels, logits)) == pytest.approx(float(other.result()))


def test_a_model_is_compiled_with_them(rng):
    model = keras.Sequential([keras.layers.Input([3]), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=[F1Score(), MatthewsCorrelation()], weighted_metrics=[F1Score(name="weighed")])
    x, y, weights = rng.normal(size=(10, 3)), rng.integers(0, 2, 10), rng.uniform(0, 1, 10)
    stop = keras.callbacks.EarlyStopping("val_f1", patience=5)  # knows by itself that more is better
    model.fit(x, y, sample_weight=weights, batch_size=4, validation_data=(x, y), callbacks=[stop], verbose=0)
    result = model.evaluate(x, y, sample_weight=weights, batch_size=4, verbose=0, return_dict=True)
    found = model.predict(x, verbose=0).argmax(1)
    assert result["f1"] == pytest.approx(f1_score(y, found, average="macro"), rel=1e-5)
    assert result["weighed"] == pytest.approx(f1_score(y, found, average="macro", sample_weight=weights), rel=1e-4)
    assert result["matthews_correlation"] == pytest.approx(matthews_corrcoef(y, found), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: F1Score("binary"), "`average` must be one of .*'macro'.* Received: 'binary'"),
        (lambda: F1Score(num_classes=0), "`num_classes` must be None or an integer of at least 1. Received: 0"),
        (lambda: F1Score().update_state([[1, 0]], [[1.0, 0.0]]), r"write F1Score\(multi_label=True\)"),
        (lambda: F1Score(multi_label=True).update_state([1], [[1.0, 0.0]]), "`y_true` must be rows of 0 and 1"),
        (lambda: MatthewsCorrelation(3).update_state([1], [[1.0, 0.0]]), r"logits of 3 classes.*\(1, 2\)"),
    ],
)
def test_wrong_uses_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
