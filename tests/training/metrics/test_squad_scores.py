import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.metrics.conftest import copied
from tfbert.training.metrics import SquadScores

TEXTS = st.text(st.sampled_from("ab .,the\n"), max_size=12)


def scores(right, answers):
    metric = SquadScores()
    metric.update_state(right, answers)
    return {name: float(share) for name, share in metric.result().items()}


@pytest.mark.parametrize(
    ("right", "answer", "exact", "f1"),
    [
        ("Berlin", "Berlin", 1, 1),
        ("Berlin", "the  BERLIN!", 1, 1),
        ("Berlin", "in Berlin", 0, 2 / 3),
        (["Berlin", "in Berlin"], "in a Berlin", 1, 1),
        (["a cat and a dog", "dogs"], "cat dog dog", 0, 2 * 2 / (3 + 3)),  # "cat", "and", "dog"
        ("dog dog", "dog", 0, 2 * 1 / (1 + 2)),
        ("theatre", "the atre", 0, 0),
        ("", "", 1, 1),
        ([], "", 1, 1),
        ([], "Berlin", 0, 0),
        ("Berlin", "", 0, 0),
        (["", "Berlin"], "", 0, 0),  # one without words does not count beside others
        ("The", "a", 1, 1),
        ("U.S.A", "usa", 1, 1),
        ("Ärger", "ärger", 1, 1),
    ],
)
def test_pairs_worked_out_by_hand(right, answer, exact, f1):
    assert scores([right], [answer]) == pytest.approx({"exact_match": exact, "f1": f1})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_scores_are_shares_alike_both_ways_and_full_for_the_right_answer(pairs):
    right, answers = map(list, zip(*pairs))
    found = scores(right, answers)
    assert found == pytest.approx(scores(answers, right))
    assert 0 <= found["exact_match"] <= found["f1"] + 1e-6 <= 1 + 2e-6
    assert scores(answers, answers) == {"exact_match": 1.0, "f1": 1.0}
    both = scores([list(pair) for pair in pairs], answers)
    assert both["f1"] >= found["f1"] - 1e-6


def test_texts_of_every_kind_in_batches():
    metric = SquadScores()
    metric.update_state(np.array(["a", "b"], object), np.array(["a", "c"]))
    metric.update_state([], [])
    metric.update_state(tf.constant(["d"]), [b"d"])
    metric.update_state([("x", "y"), np.array(["z"], object)], ["y", "q"])
    assert {name: float(share) for name, share in metric.result().items()} == pytest.approx(
        {"exact_match": 3 / 5, "f1": 3 / 5}
    )
    metric.reset_state()
    assert float(metric.result()["f1"]) == 0.0
    assert copied(metric).get_config() == metric.get_config()


@pytest.mark.parametrize(
    ("right", "answers", "error", "message"),
    [
        (["a"], ["a", "b"], ValueError, "one entry for each answer, 2. Received: 1"),
        ("a", ["a"], TypeError, "must be a list or an array of texts. Received: 'a'"),
        ([1], ["a"], TypeError, "must be a list or an array of texts. Received: 1"),
        (["a"], [None], TypeError, "must be texts. Received: None"),
    ],
)
def test_wrong_uses_are_refused(right, answers, error, message):
    with pytest.raises(error, match=message):
        SquadScores().update_state(right, answers)


def test_it_is_no_metric_of_logits():
    model = keras.Sequential([keras.layers.Input([1]), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[SquadScores()])
    with pytest.raises(TypeError, match="give it the answers of `predict`"):
        model.evaluate(np.ones([2, 1]), np.ones([2, 1]), verbose=0)
    with pytest.raises(ValueError, match="takes no weights"):
        SquadScores().update_state(["a"], ["a"], [1.0])
