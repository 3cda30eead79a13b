import numpy as np
import tensorflow as tf

from tfbert.export.answer_rows import AnswerRows


def test_answers_find_their_rows_and_widths_grow():
    answers = AnswerRows(4)
    answers.put({"word": tf.constant([["b"], ["d"]]), "score": tf.constant([[[1.0]], [[2.0]]])}, np.array([1, 3]))
    answers.put(
        {"word": tf.constant([["c", "ß"], ["a", ""]]), "score": tf.constant([[[3.0, 4.0]], [[5.0, 0.0]]])},
        np.array([2, 0]),
    )
    found = answers.arrays()
    assert found["word"].tolist() == [["a", ""], ["b", ""], ["c", "ß"], ["d", ""]]
    assert found["score"].dtype == np.float32
    assert found["score"].tolist() == [[[5.0, 0.0]], [[1.0, 0.0]], [[3.0, 4.0]], [[2.0, 0.0]]]


def test_more_rows_than_expected_find_room():
    answers = AnswerRows(1)
    for start in range(0, 12, 3):
        answers.put({"index": tf.range(start, start + 3), "label": tf.strings.as_string(tf.range(start, start + 3))})
    assert answers.arrays()["index"].tolist() == list(range(12))
    assert answers.arrays()["index"].base is None, "no room that was never filled is held"
    assert answers.arrays()["label"].tolist() == [str(number) for number in range(12)]


def test_answers_are_held_once_where_their_number_is_known():
    answers = AnswerRows(6)
    answers.put({"score": tf.zeros([3])})
    held = answers._arrays["score"]
    answers.put({"score": tf.ones([3])})
    assert answers.arrays()["score"] is held


def test_answers_to_no_rows_keep_their_form():
    answers = AnswerRows()
    answers.put({"label": tf.zeros([0, 2], tf.string), "score": tf.zeros([0, 2])})
    assert {name: (array.shape, array.dtype) for name, array in answers.arrays().items()} == {
        "label": ((0, 2), np.dtype(object)),
        "score": ((0, 2), np.dtype(np.float32)),
    }
