"""Documents of every form as sentences with the numbers of their documents."""

import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks.labels.documents import count_documents, hold_out, read_sentences

TEXTS = [["the cat sat . i love it!", "a dog ran"], ["北京 is good 。very good", "  ", "today ?"], ["not sad"]]
SENTENCES = ["the cat sat .", "i love it!", "a dog ran", "北京 is good 。", "very good", "today ?", "not sad"]
NUMBERS = [0, 0, 0, 1, 1, 1, 2]


def forms(path):
    """The same documents in every form."""
    lines = [line for document in TEXTS for line in [*filter(str.strip, document), ""]]
    (path / "all.txt").write_text("\r\n".join(["", *lines, " "]), encoding="utf-8")
    for number, document in enumerate(TEXTS):
        (path / f"{number}.txt").write_text("\n".join(filter(str.strip, document)), encoding="utf-8")
    ragged = tf.ragged.constant(TEXTS)
    return {
        "lists": TEXTS,
        "arrays": [np.array(document) for document in TEXTS],
        "file": path / "all.txt",
        "files": [path / f"{number}.txt" for number in range(3)],
        "lines": tf.data.Dataset.from_tensor_slices(lines),
        "documents": tf.data.Dataset.from_tensor_slices(ragged),
        "batches": tf.data.Dataset.from_tensor_slices(ragged).ragged_batch(2),
        "padded": tf.data.Dataset.from_tensors(ragged.to_tensor("")),
    }


@pytest.mark.parametrize("form", ["lists", "arrays", "file", "files", "lines", "documents", "batches", "padded"])
def test_documents_of_every_form_are_the_same_sentences(form, tmp_path):
    windows = list(read_sentences(forms(tmp_path)[form]))
    sentences = np.concatenate([window[0].numpy() for window in windows])
    numbers = np.concatenate([window[1].numpy() for window in windows])
    assert [sentence.decode() for sentence in sentences] == SENTENCES
    assert np.unique(numbers, return_inverse=True)[1].tolist() == NUMBERS


def test_a_stream_of_lines_is_read_in_windows(monkeypatch):
    monkeypatch.setattr("tfbert.tasks.labels.documents.WINDOW", 5)
    lines = tf.data.Dataset.from_tensor_slices(["a", "b", "", "c"] * 4)
    windows = [(texts.numpy().tolist(), numbers.numpy().tolist()) for texts, numbers in read_sentences(lines)]
    assert [len(texts) for texts, _ in windows] == [4, 4, 3, 1]  # without the empty lines
    assert [number for _, numbers in windows for number in numbers] == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4]


def test_documents_are_held_out_as_wholes():
    rows = [["good dog"] * 12 for _ in range(40)]
    kept, out = (list(part.unbatch().as_numpy_iterator()) for part in hold_out(read_sentences(rows), every=4))
    assert len(kept) + len(out) == 40 * 12
    assert {number for _, number in out} == set(range(3, 40, 4))
    assert not {number for _, number in kept} & {number for _, number in out}


def test_files_of_one_document_are_held_out_too(tmp_path):
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text(f"a {number}\n\n")
    sentences = read_sentences([tmp_path / f"{number}.txt" for number in range(10)])
    kept, out = ([text.decode() for text, _ in part.unbatch().as_numpy_iterator()] for part in hold_out(sentences, 5))
    assert out == ["a 4", "a 9"]
    assert len(kept) == 8


def test_documents_are_counted_up_to_what_is_enough():
    sentences = read_sentences(TEXTS)
    assert [count_documents(sentences, enough) for enough in (2, 3, 9)] == [2, 3, 3]
