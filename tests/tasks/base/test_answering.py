import numpy as np
import tensorflow as tf

from tfbert.tasks.base.answering import batches_of_like_length, joined_answers


def test_batches_hold_rows_of_like_length():
    columns = {"text": tf.constant(["aaaa", "", "aa", "a"]), "choices": tf.constant([["b"], ["b"], ["bbbbbb"], ["b"]])}
    batches = list(batches_of_like_length(columns, 3))
    assert [rows.tolist() for rows, _ in batches] == [[1, 3, 0], [2]]
    assert batches[1][1]["choices"].numpy().tolist() == [[b"bbbbbb"]]


def test_answers_are_padded_to_the_widest_and_put_in_order():
    parts = [
        {"word": tf.constant([["a"]]), "score": tf.constant([[[0.5, 0.25]]]), "length": tf.constant([1])},
        {"word": tf.constant([["b", "ß"]]), "score": tf.constant([[[1.0], [2.0]]]), "length": tf.constant([2])},
    ]
    joined = joined_answers(parts, order=np.array([1, 0]))
    assert joined["word"].tolist() == [["b", "ß"], ["a", ""]]
    assert joined["score"].tolist() == [[[1.0, 0.0], [2.0, 0.0]], [[0.5, 0.25], [0.0, 0.0]]]
    assert joined["length"].tolist() == [2, 1]
    assert joined["length"].dtype == np.int32


def test_answers_of_one_width_are_put_together_as_they_are():
    joined = joined_answers([{"label": tf.constant(["a"])}, {"label": tf.constant(["b", "c"])}])
    assert joined["label"].tolist() == ["a", "b", "c"]
