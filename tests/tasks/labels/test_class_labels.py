import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tfbert import BertConfig
from tfbert.tasks.labels.class_labels import as_label_array, class_names, encode_in_graph, encode_labels
from tfbert.tasks.labels.token_labels import encode_word_labels, encode_words_in_graph

SINGLE = BertConfig(id2label={0: "bad", 1: "good"})
SEVERAL = SINGLE.replace(problem_type="multi_label_classification")
REGRESSION = BertConfig(num_labels=1, problem_type="regression")
STARS = BertConfig(id2label={number: str(number + 1) for number in range(5)})
TWO_NUMBERS = BertConfig(num_labels=2, problem_type="regression")


@pytest.mark.parametrize(
    "given",
    [
        ["good", "bad"],
        ("good", b"bad"),
        np.array(["good", "bad"]),
        np.array([["good"], ["bad"]]),
        pd.Series(["good", "bad"], index=[9, 4]),
        pd.DataFrame({"label": ["good", "bad"]}),
        tf.constant(["good", "bad"]),
        [1, 0],
        np.array([True, False]),
        np.array([[1], [0]]),
        pd.Series([1.0, 0.0]),
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_form_of_one_label_a_text(given):
    encoded = encode_labels(as_label_array(given), SINGLE)
    assert encoded.tolist() == [1, 0]
    assert encoded.dtype == np.int32


@pytest.mark.parametrize(
    "given",
    [
        [["good", "bad"], ["good"], []],
        [("good", "bad"), "good", set()],
        [[1, 1], [0, 1], [0, 0]],
        pd.DataFrame({"bad": [1, 0, 0], "good": [1, 1, 0]}),
    ],
    ids=["lists", "mixed", "numbers", "DataFrame"],
)
def test_every_form_of_several_labels_a_text(given):
    assert encode_labels(as_label_array(given), SEVERAL).tolist() == [[1, 1], [0, 1], [0, 0]]


def test_rows_of_one_length_are_rows_still():
    rows = as_label_array([["good", "bad"], ("bad", "good")])
    assert rows.tolist() == [["good", "bad"], ["bad", "good"]]
    assert encode_labels(rows, SEVERAL).tolist() == [[1, 1], [1, 1]]
    assert as_label_array(np.array([["good", "bad"]])).tolist() == [["good", "bad"]]


def test_names_are_whole_words():
    assert class_names(as_label_array([["good", "cheap"], "bad"])) == ["bad", "cheap", "good"]
    assert class_names(as_label_array([1, 2])) is None


@pytest.mark.parametrize(
    ("given", "config", "error", "message"),
    [
        ("good", SINGLE, TypeError, "Received: str"),
        ({"good": 1}, SINGLE, TypeError, "Received: dict"),
        (3, SINGLE, TypeError, "Received: int"),
        ([0, None], SINGLE, ValueError, "no label at row 1"),
        (["good", float("nan")], SINGLE, ValueError, "no label at row 1"),
        (["good", 1], SINGLE, TypeError, "strings or numbers"),
        ([["good"], ["bad"]], SINGLE, ValueError, "rows of several"),
        ([[0, 2]], SEVERAL, ValueError, "0 or 1 for each of the 2 labels"),
        ([[0.1], [0.2]], TWO_NUMBERS, ValueError, r"shape \(2, 2\)"),
        (["a"], REGRESSION, ValueError, "must hold numbers"),
    ],
)
def test_wrong_labels_are_refused(given, config, error, message):
    with pytest.raises(error, match=message):
        encode_labels(as_label_array(given), config)


def test_numerals_that_are_names_mean_these_and_numbers_beside_them_are_refused():
    assert encode_labels(as_label_array(["3", "1"]), STARS).tolist() == [2, 0]
    assert encode_in_graph(tf.constant(["3", "1"]), STARS).numpy().tolist() == [2, 0]
    for encode in (
        lambda: encode_labels(as_label_array(np.array([3, 1])), STARS),
        lambda: encode_in_graph(tf.constant([3, 1]), STARS),
        lambda: encode_word_labels([["3"], [3, -100]], STARS),
        lambda: encode_words_in_graph(tf.constant([[3, -100]]), STARS),
    ):
        with pytest.raises(
            ValueError, match=r"`y` holds numbers, and the class 0 of the model is named '1'.* Give names"
        ):
            encode()
    assert encode_word_labels([["3", -100]], STARS).tolist() == [[2, -100]]
    own = BertConfig(id2label={0: "0", 1: "1"})
    assert encode_labels(as_label_array([1, 0]), own).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "config", "expected"),
    [
        (["good", "bad"], SINGLE, [1, 0]),
        ([["good"], ["bad"]], SINGLE, [1, 0]),
        ([1, -100], SINGLE, [1, -100]),
        ([[1, 0]], SEVERAL, [[1.0, 0.0]]),
        ([2, 3], REGRESSION, [2.0, 3.0]),
    ],
)
def test_batches_of_a_dataset(labels, config, expected):
    assert encode_in_graph(tf.constant(labels), config).numpy().tolist() == expected


@pytest.mark.parametrize(
    ("labels", "config", "error", "message"),
    [
        (["great"], SINGLE, tf.errors.InvalidArgumentError, "Unknown label"),
        ([2], SINGLE, tf.errors.InvalidArgumentError, "Unknown label"),
        ([0.7], SINGLE, ValueError, "whole number"),
        ([[0, 1]], SINGLE, ValueError, "one name or whole number"),
        ([1], SEVERAL, ValueError, r"\[B, 2\]"),
        (["good"], REGRESSION, ValueError, "must be numbers"),
    ],
)
def test_wrong_batches_are_refused(labels, config, error, message):
    with pytest.raises(error, match=message):
        encode_in_graph(tf.constant(labels), config)
