import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks import MaskFiller
from tfbert.tasks.base.fit_data import checksum, validation_parts

TEXTS = ["i love the cat", "an awful movie"]
PAIRS = {"text": TEXTS, "text_pair": TEXTS[::-1]}
ROWS = [dict(zip(PAIRS, pair)) for pair in zip(TEXTS, TEXTS[::-1])]


class TestValidationParts:
    @pytest.mark.parametrize(
        ("given", "x", "y"),
        [
            (TEXTS, TEXTS, None),
            (tuple(TEXTS), tuple(TEXTS), None),
            (TEXTS * 3, TEXTS * 3, None),
            ((TEXTS,), TEXTS, None),
            ([TEXTS], TEXTS, None),
            ((TEXTS, TEXTS), TEXTS, TEXTS),
            ([TEXTS, TEXTS], TEXTS, TEXTS),
            (PAIRS, PAIRS, None),
            ((PAIRS,), PAIRS, None),
            ((PAIRS, [0.5, 1.0]), PAIRS, [0.5, 1.0]),
            (ROWS, ROWS, None),
            ((ROWS,), ROWS, None),
            ((ROWS, [0.5, 1.0]), ROWS, [0.5, 1.0]),
        ],
    )
    def test_where_no_labels_are_needed(self, given, x, y):
        assert validation_parts(given, needs_labels=False) == (x, y, None)

    def test_where_labels_are_needed(self):
        assert validation_parts((TEXTS, [0, 1], [1.0, 2.0]), needs_labels=True) == (TEXTS, [0, 1], [1.0, 2.0])
        assert validation_parts(["one text", "label"], needs_labels=True) == ("one text", "label", None)
        with pytest.raises(ValueError, match=r"must be \(text, labels\), .* Received: a list of 4"):
            validation_parts(TEXTS * 2, needs_labels=True)


def test_texts_alone_validate_a_mask_filler(tiny_folder):
    filler = MaskFiller.from_pretrained(tiny_folder("model_gelu_l2"))
    filler.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    expected = filler.evaluate(TEXTS, verbose=0)
    for given in (TEXTS, (TEXTS,)):
        found = filler.fit(TEXTS, validation_data=given, verbose=0).history["val_loss"]
        assert found == pytest.approx([expected], rel=1e-5)


def test_a_checksum_tells_rows_apart():
    rows = {"text": tf.constant(TEXTS)}, np.array([0, 1]), None
    sums = {
        checksum(rows),
        checksum(({"text": tf.constant(TEXTS[::-1])}, *rows[1:])),
        checksum(({"text_pair": tf.constant(TEXTS)}, *rows[1:])),
        checksum((rows[0], np.array([1, 1]), None)),
        checksum((rows[0], tf.ragged.constant([[0], [1, 2]]), None)),
        checksum((*rows[:2], np.ones(2))),
    }
    assert len(sums) == 6
    assert checksum(({"text": tf.constant(TEXTS)}, np.array([0, 1]), None)) == checksum(rows)
