import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tfbert.tokenization.text_input import as_text

TEXTS = ["one", "déjà vu"]
ENCODED = [text.encode() for text in TEXTS]


@pytest.mark.parametrize(
    "given",
    [
        TEXTS,
        tuple(TEXTS),
        ENCODED,
        ["one", "déjà vu".encode()],
        np.array(TEXTS),
        np.array(ENCODED),
        np.array(TEXTS, dtype=object),
        np.array(ENCODED, dtype=object),
        np.array(TEXTS, dtype=np.dtypes.StringDType()),
        np.array(TEXTS)[:, None],
        pd.Series(TEXTS),
        pd.Series(TEXTS, index=[7, 3]),
        pd.Series(TEXTS, dtype="category"),
        tf.constant(TEXTS),
        tf.constant(TEXTS)[:, None],
    ],
    ids=lambda given: f"{type(given).__name__}-{getattr(given, 'dtype', '')}",
)
def test_every_form_gives_the_same_tensor(given):
    text = as_text(given)
    assert text.dtype == tf.string
    assert text.numpy().tolist() == ENCODED


@pytest.mark.parametrize("given", ["déjà vu", "déjà vu".encode(), tf.constant("déjà vu"), np.array("déjà vu")])
def test_a_single_text_is_one_row(given):
    assert as_text(given).numpy().tolist() == ["déjà vu".encode()]


def test_symbolic_text_passes():
    symbolic = keras.Input((), dtype="string")
    assert as_text(symbolic) is symbolic


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([], ValueError, "empty list"),
        (["a", None], TypeError, "position 1"),
        (pd.Series(["a", None]), TypeError, "position 1"),
        (["a", float("nan")], TypeError, "nan"),
        ([1, 2], TypeError, "position 0"),
        (3, TypeError, "Received: int"),
        (np.array([1.5]), TypeError, "strings only"),
        (tf.constant([1]), TypeError, "tensor of"),
        (tf.ragged.constant([["a"], ["b", "c"]]), TypeError, "dense string tensor"),
        (np.array([["a", "b", "c"]]), ValueError, r"\(1, 3\)"),
        (np.array([[["a"]]]), ValueError, r"\(1, 1, 1\)"),
        (["a", ["b", "c"]], TypeError, "position 1"),
        (["\ud800"], ValueError, "surrogate"),
    ],
)
def test_wrong_text_is_refused_with_its_place(given, error, message):
    with pytest.raises(error, match=message):
        as_text(given)
