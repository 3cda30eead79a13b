"""Documents of every form as sentences with the numbers of their documents."""

import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks.labels.documents import count_documents, hold_out, read_sentences, share_to_hold_out

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


@pytest.mark.parametrize("sizes", [[2], [1, 1], [3], [1, 2], [4], [5, 1], [2, 1, 3], [9, 1], [40], [300], [1] * 50])
def test_small_corpora_are_parted_too(tmp_path, sizes):
    paths = [tmp_path / f"{number}.txt" for number in range(len(sizes))]
    for path, size in zip(paths, sizes):
        path.write_text("a dog\n\n" * size)
    sentences, needed = read_sentences(paths), 1 if sum(sizes) < 4 else 2
    every = share_to_hold_out(sentences, needed)
    assert [count_documents(part, needed) for part in hold_out(sentences, every)] == [needed, needed]
    assert every == 20 or sum(sizes) < 40


def test_documents_without_text_are_refused(tmp_path):
    paths = [tmp_path / "empty.txt", tmp_path / "blank.txt"]
    for path, content in zip(paths, ("", "\ufeff \n\n\t\u3000\r\n")):
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"There is no text in '.*empty\.txt', '.*blank\.txt'\."):
        read_sentences(paths)
    with pytest.raises(ValueError, match="Documents must hold text"):
        read_sentences([[" "], ["\n", ""]])
    blank = read_sentences(tf.data.Dataset.from_tensor_slices([" ", "", "\t"]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="The dataset of documents has no text"):
        list(blank)
    (tmp_path / "more.txt").write_text("a dog")
    assert count_documents(read_sentences([paths[0], tmp_path / "more.txt"]), 2) == 1


def test_documents_are_counted_up_to_what_is_enough():
    sentences = read_sentences(TEXTS)
    assert [count_documents(sentences, enough) for enough in (2, 3, 9)] == [2, 3, 3]
