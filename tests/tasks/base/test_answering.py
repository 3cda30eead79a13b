import tensorflow as tf

from tfbert.tasks.base.answering import batches_of_like_length


def test_batches_hold_rows_of_like_length_the_longest_first():
    columns = {"text": tf.constant(["aaaa", "", "aa", "a"]), "choices": tf.constant([["b"], ["b"], ["bbbbbb"], ["b"]])}
    batches = list(batches_of_like_length(columns, 3))
    assert [rows.tolist() for rows, _ in batches] == [[2, 0, 3], [1]]
    assert batches[0][1]["choices"].numpy().tolist() == [[b"bbbbbb"], [b"b"], [b"b"]]
