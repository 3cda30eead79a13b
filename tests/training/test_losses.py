import numpy as np
import pytest
import tensorflow as tf

from tfbert import BertConfig
from tfbert.training.losses.label_losses import sequence_classification_loss

LOGITS = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], np.float32)


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def test_problem_type_follows_labels_where_it_is_not_named():
    single = sequence_classification_loss(BertConfig(num_labels=3))(tf.constant([0, 1]), LOGITS)
    assert float(single) == pytest.approx(-log_softmax(LOGITS)[[0, 1], [0, 1]].mean(), rel=1e-5)
    targets = np.array([[1, 0, 1], [0, 1, 0]], np.float32)
    several = sequence_classification_loss(BertConfig(num_labels=3), targets)
    expected = np.mean(np.maximum(LOGITS, 0) - LOGITS * targets + np.log1p(np.exp(-np.abs(LOGITS))))
    assert float(several(targets, LOGITS)) == pytest.approx(expected, rel=1e-5)
    regression = sequence_classification_loss(BertConfig(num_labels=1))
    assert float(regression(tf.constant([1.0, 3.0]), tf.constant([[2.0], [1.0]]))) == pytest.approx(2.5)


def test_ignored_labels_do_not_count_and_all_ignored_is_no_nan():
    loss = sequence_classification_loss(BertConfig(num_labels=3))
    assert float(loss(tf.constant([0, -100]), LOGITS)) == pytest.approx(-log_softmax(LOGITS)[0, 0], rel=1e-5)
    assert float(loss(tf.constant([-100, -100]), LOGITS)) == 0
