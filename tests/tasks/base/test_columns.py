import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks.base.columns import TEXT, TEXT_PAIR, Column, read_columns

PAIRS = (TEXT, TEXT_PAIR)
CHOICES = (TEXT, Column("choices", several=True))


def as_lists(columns):
    return {name: column.numpy().tolist() for name, column in columns.items()}


@pytest.mark.parametrize(
    "given",
    [
        [["a", "b"], ("c", "d")],
        {"text": ["a", "c"], "text_pair": ["b", "d"]},
        [{"text": "a", "text_pair": "b"}, {"text": "c", "text_pair": "d"}],
        np.array([["a", "b"], ["c", "d"]]),
    ],
)
def test_pairs_in_every_form(given):
    assert as_lists(read_columns(given, PAIRS)) == {"text": [b"a", b"c"], "text_pair": [b"b", b"d"]}


@pytest.mark.parametrize(
    "choices",
    [
        [["b", "c"], ["d"]],
        [("b", "c"), np.array(["d"])],
        tf.ragged.constant([["b", "c"], ["d"]]),
        tf.constant([["b", "c"], ["d", ""]]),
        np.array([["b", "c"], ["d", ""]]),
    ],
)
def test_several_texts_a_row_in_every_form(choices):
    columns = read_columns({"text": ["a", "e"], "choices": choices}, CHOICES)
    assert as_lists(columns) == {"text": [b"a", b"e"], "choices": [[b"b", b"c"], [b"d", b""]]}


def test_a_single_text_in_a_row_is_a_list_of_one():
    columns = read_columns([{"text": "a", "choices": "b"}, {"text": "c", "choices": ["d", "e"]}], CHOICES)
    assert as_lists(columns)["choices"] == [[b"b", b""], [b"d", b"e"]]


@pytest.mark.parametrize("choices", [["b", "c"], tf.constant(["b", "c"]), np.array(["b", "c"])])
def test_one_list_of_texts_is_for_all_rows(choices):
    columns = read_columns({"text": ["a", "d"], "choices": choices}, CHOICES)
    assert as_lists(columns)["choices"] == [[b"b", b"c"]] * 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"txt": ["a"]}, "key 'text'"),
        ({"text": ["a"], "label": ["b"]}, "key 'text'"),
        ({"text": ["a", "b"], "text_pair": ["c"]}, "same number of rows"),
        ({"text": [["a", "b"]]}, r"shape \[B\]"),
        ([{"text": "a"}, {"text": "b", "text_pair": "c"}], "row 1"),
        ([{"txt": "a"}], "key 'text'"),
    ],
)
def test_wrong_dicts_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        read_columns(given, PAIRS)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (["a"], TypeError, "dict of texts: {'text': …, 'choices': \\[…\\]}"),
        ({"text": ["a"], "choices": [["b", 3]]}, TypeError, "`choices` must hold strings"),
        ({"text": ["a"], "choices": tf.constant([[1]])}, ValueError, "`choices` must be strings"),
        ({"text": ["a", "b"], "choices": [["c"]]}, ValueError, "same number of rows"),
        ({"text": ["a"]}, ValueError, "keys 'text' and 'choices'"),
    ],
)
def test_wrong_rows_of_several_are_refused(given, error, message):
    with pytest.raises(error, match=message):
        read_columns(given, CHOICES)


def test_a_task_of_single_texts_refuses_pairs():
    with pytest.raises(ValueError, match="one text a row"):
        read_columns([["a", "b"]], [TEXT])
