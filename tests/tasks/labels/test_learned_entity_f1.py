import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks.labels.learned_entity_f1 import LearnedEntityF1
from tfbert.training.metrics import EntityF1

NAMES = ["O", "B-PET", "I-PET"]
LABELS = [[1, 2, -100, 0], [0, 1, 0, 0]]
LOGITS = tf.one_hot([[1, 2, 0, 0], [1, 1, 0, 0]], 3)


def test_it_counts_as_soon_as_labels_have_names():
    names = []
    metric, expected = LearnedEntityF1(lambda: names), EntityF1(NAMES)
    metric.update_state(LABELS, LOGITS)
    assert np.isnan(metric.result())
    names += NAMES
    for one in (metric, expected, again := LearnedEntityF1.from_config(metric.get_config())):
        one.update_state(LABELS, LOGITS, sample_weight=[1.0, 0.5])
    assert 0 < metric.result() == again.result() == expected.result() < 1
    metric.reset_state()
    assert metric.result() == 0


def test_labels_that_make_no_entities_have_no_score():
    metric = LearnedEntityF1(["DET", "NOUN", "VERB"])
    metric.update_state(LABELS, LOGITS)
    assert np.isnan(metric.result())


def test_one_that_was_saved_before_labels_had_names_says_so():
    again = LearnedEntityF1.from_config(LearnedEntityF1(lambda: []).get_config())
    with pytest.raises(ValueError, match="Labels had no names when this was saved"):
        again.update_state(LABELS, LOGITS)
