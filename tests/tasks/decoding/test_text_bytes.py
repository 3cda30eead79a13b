import tensorflow as tf

from tfbert.tasks.decoding.text_bytes import TextBytes

TEXTS = TextBytes.of(tf.constant(["Café 北京\nx", "", b"plain\xff"]))


def test_spans_are_cut_in_bytes_and_are_valid_utf8():
    cut = TEXTS.cut([0, 2, 1, 0, 2], [0, 1, 0, 6, 4], [5, 4, 0, 12, 6])
    assert [word.decode() for word in cut.numpy()] == ["Café", "lai", "", "北京", "n\ufffd"]
    nothing = tf.zeros([0], tf.int32)
    assert TEXTS.cut(nothing, nothing, nothing).shape == [0]


def test_characters_and_lines_are_counted():
    assert TEXTS.characters([0, 0, 1], [0, 6, 0], [5, 12, 0]).numpy().tolist() == [4, 2, 0]
    assert TEXTS.lines_before(tf.constant([0, 0]), tf.constant([12, 13])).numpy().tolist() == [0, 1]
