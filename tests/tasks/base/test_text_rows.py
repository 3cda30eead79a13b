import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks.base import text_rows
from tfbert.tasks.base.columns import TEXT, TEXT_PAIR, Column, read_columns
from tfbert.tasks.base.text_rows import TextRows

TEXTS = ["bb", "a", "", "dddd", "a", "ccc", "é", "bb", "eeeee", "f", "a"]
OTHERS = [text * 2 for text in TEXTS]


@pytest.fixture(autouse=True)
def short_windows(monkeypatch):
    monkeypatch.setattr(text_rows, "POOL", 2)  # batches


@pytest.fixture
def read():
    """Return what reads texts or pairs, and notes how many rows it read at once."""

    def read(inputs):
        columns = read_columns(inputs, [TEXT, TEXT_PAIR])
        read.most = max(read.most, columns["text"].shape[0])
        return columns

    read.most = 0
    return read


@pytest.mark.parametrize(
    "form",
    [
        lambda: TEXTS,
        lambda: tuple(TEXTS),
        lambda: np.array(TEXTS),
        lambda: list(zip(TEXTS, OTHERS)),
        lambda: {"text": TEXTS, "text_pair": OTHERS},
        lambda: [{"text": text, "text_pair": other} for text, other in zip(TEXTS, OTHERS)],
    ],
    ids=["list", "tuple", "array", "pairs", "dict", "dicts"],
)
def test_lists_are_read_in_windows(read, form):
    texts = TextRows(form(), read, batch_size=2)
    batches = list(texts.batches())
    assert len(texts) == len(TEXTS)
    assert read.most == 4
    assert sorted(row for rows, _ in batches for row in rows) == list(range(len(TEXTS)))
    for rows, columns in batches:
        assert len(rows) <= 2
        assert columns["text"].numpy().tolist() == [TEXTS[row].encode() for row in rows]
        if "text_pair" in columns:
            assert columns["text_pair"].numpy().tolist() == [OTHERS[row].encode() for row in rows]
    assert [rows.tolist() for rows, _ in batches[:2]] == [[3, 0], [1, 2]], "the longest of each window come first"


def test_tensors_are_read_as_they_are(read):
    batches = list(TextRows(tf.constant(TEXTS), read, batch_size=2).batches())
    assert read.most == len(TEXTS)
    assert sorted(row for rows, _ in batches for row in rows) == list(range(len(TEXTS)))


def test_rows_behind_the_limit_are_left_out(read):
    batches = list(TextRows(TEXTS, read, batch_size=2, limit=6).batches())
    assert sorted(row for rows, _ in batches for row in rows) == list(range(6))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([*TEXTS, None], TypeError, "at position 11"),
        ([*TEXTS, "\ud800"], ValueError, "at position 11"),
        ([*["a"] * 4, *[["a", "b"]] * 4], TypeError, r"\['a', 'b'\].*at position 4"),
        ([*[{"text": "a"}] * 4, *[{"text": "a", "text_pair": "b"}] * 4], ValueError, "same keys.* at row 4"),
        ({"text": TEXTS, "text_pair": OTHERS[:-1]}, ValueError, "same number of rows. Received: 11 and 10"),
    ],
)
def test_wrong_rows_are_refused_before_any_is_answered(read, given, error, message):
    with pytest.raises(error, match=message):
        TextRows(given, read, batch_size=2)


def test_texts_for_all_rows_stay_whole():
    given = {"text": TEXTS[:6], "choices": TEXTS[5:]}

    def read(inputs):
        return read_columns(inputs, [TEXT, Column("choices", several=True)])

    for _, columns in TextRows(given, read, batch_size=2).batches():
        assert columns["choices"].numpy().tolist() == [[text.encode() for text in TEXTS[5:]]] * 2
