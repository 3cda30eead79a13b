import warnings

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score

from tests.training.metrics.conftest import LOGIT_TYPES, copied
from tfbert.training.metrics import EntityF1

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-LOC", "S-PER", "FAC", "I-MISC", "B-A-B", "B", "I"]
LENGTH = 9
ROWS = st.lists(
    st.lists(st.tuples(*[st.integers(0, len(NAMES) - 1)] * 2, st.booleans()), max_size=LENGTH), min_size=1, max_size=4
)


def batch_of(rows):
    """Labels [B, S], -100 where a position is left out and behind the row, and logits [B, S, K]."""
    labels, answers = np.full([len(rows), LENGTH], -100), np.zeros([len(rows), LENGTH], int)
    for row, positions in enumerate(rows):
        for place, (label, answer, is_counted) in enumerate(positions):
            labels[row, place], answers[row, place] = label if is_counted else -100, answer
    return labels, tf.one_hot(answers, len(NAMES))


def named(rows, part):
    return [[NAMES[position[part]] for position in row if position[2]] for row in rows]


def reference(score, rows, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names without prefix, and of what is undefined
        return score(named(rows, 0), named(rows, 1), zero_division=0, **options)


METRIC = EntityF1(NAMES)
STEP = tf.function(METRIC.update_state, input_signature=[
    tf.TensorSpec([None, LENGTH], tf.int64), tf.TensorSpec([None, LENGTH, len(NAMES)])
])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=2))
def test_it_is_that_of_seqeval_whatever_the_labels(batches):
    METRIC.reset_state()
    for rows in batches:
        STEP(*batch_of(rows))
    rows = [row for batch in batches for row in batch]
    assert float(METRIC.result()) == pytest.approx(reference(f1_score, rows), abs=1e-6)
    assert float(METRIC.precision()) == pytest.approx(reference(precision_score, rows), abs=1e-6)
    assert float(METRIC.recall()) == pytest.approx(reference(recall_score, rows), abs=1e-6)


def test_averages_over_kinds(rng):
    rows = [[(*rng.integers(0, 7, 2), True) for _ in range(LENGTH)] for _ in range(40)]
    rows = [[(label if rng.random() < 0.5 else answer, answer, True) for label, answer, _ in row] for row in rows]
    for average in ("micro", "macro", "weighted"):
        metric = EntityF1(NAMES, average)
        for part in (rows[:3], rows[3:]):
            metric.update_state(*batch_of(part))
        for score, value in ((f1_score, metric.result()), (recall_score, metric.recall())):
            assert float(value) == pytest.approx(reference(score, rows, average=average), abs=1e-6)
    each = EntityF1(NAMES, None)
    each.update_state(*batch_of(rows))
    report = reference(classification_report, rows, output_dict=True)
    found = dict(zip(each.kinds, each.result().numpy()))
    assert found["PER"] == pytest.approx(report["PER"]["f1-score"], abs=1e-6)
    assert found["LOC"] == pytest.approx(report["LOC"]["f1-score"], abs=1e-6)


def test_names_without_prefix_are_runs_even_those_that_seqeval_misreads():
    names = ["O", "ORG", "EVENT"]
    metric = EntityF1(names)
    metric.update_state([[1, 1, 0, 2, 2, 1]], tf.one_hot([[1, 1, 0, 2, 1, 1]], 3))  # of 3 entities the first
    assert float(metric.recall()) == pytest.approx(1 / 3)
    assert float(metric.precision()) == pytest.approx(1 / 3)


def test_nothing_to_find_is_zero():
    metric = EntityF1(NAMES)
    assert float(metric.result()) == 0.0
    metric.update_state(np.full([2, 3], -100), tf.one_hot([[1, 2, 0]] * 2, len(NAMES)))
    metric.update_state(np.zeros([0, 3], int), tf.zeros([0, 3, len(NAMES)]))
    metric.update_state(np.zeros([2, 0], int), tf.zeros([2, 0, len(NAMES)]))
    metric.update_state(np.zeros([1, 3], int), tf.one_hot([[0, 0, 0]], len(NAMES)))
    assert [float(v) for v in (metric.result(), metric.precision(), metric.recall())] == [0.0] * 3
    assert float(EntityF1(["O"]).result()) == 0.0


@pytest.mark.parametrize("dtype", LOGIT_TYPES)
def test_logits_of_every_type_and_weights_of_rows(dtype):
    metric = EntityF1(["O", "B-X"])
    labels, logits = np.array([[1, 0], [1, 1]]), tf.cast(tf.one_hot([[1, 0], [0, 1]], 2), dtype)
    metric.update_state(labels, logits, sample_weight=[2.0, 1.0])
    assert float(metric.precision()) == 1.0
    assert float(metric.recall()) == pytest.approx(3 / 4)
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_it_compiles_and_is_saved(rng, in_xla):
    rows = [[(*rng.integers(0, len(NAMES), 2), rng.random() < 0.8) for _ in range(LENGTH)] for _ in range(6)]
    labels, logits = batch_of(rows)
    metric = EntityF1(NAMES, "macro", name="mine")
    other = copied(metric)
    assert other.get_config() == metric.get_config()
    other.update_state(labels, logits)
    assert float(in_xla(metric, labels, logits.numpy())) == pytest.approx(float(other.result()))
    assert float(other.result()) > 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: EntityF1("O"), r"`labels` must be the names of the classes: EntityF1\(task.label_names\(\)\)"),
        (lambda: EntityF1(["O", ""]), "`labels` must be the names"),
        (lambda: EntityF1(["O"], "binary"), "`average` must be one of"),
        (lambda: EntityF1(["O", "B"]).update_state([1], [[0.0, 1.0]]), r"logits \[B, S, 2\]"),
        (
            lambda: EntityF1(["O", "B"]).update_state([[1, 0]], tf.zeros([1, 2, 2]), [[1.0, 1.0]]),
            "`sample_weight` must hold one number for each row",
        ),
    ],
)
def test_wrong_uses_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
