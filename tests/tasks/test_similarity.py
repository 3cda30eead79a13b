import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks.similarity import SIMILARITIES, search, similarity, similarity_pairwise

RANDOM = np.random.default_rng(3)
A, B = RANDOM.normal(size=(5, 7)).astype(np.float32), RANDOM.normal(size=(11, 7)).astype(np.float32)
DEFINITIONS = {
    "cosine": lambda a, b: a @ b / np.sqrt((a @ a) * (b @ b)),
    "dot": lambda a, b: a @ b,
    "euclidean": lambda a, b: -np.sqrt(((a - b) ** 2).sum()),
    "manhattan": lambda a, b: -np.abs(a - b).sum(),
}


def expected_matrix(kind):
    return np.array([[DEFINITIONS[kind](a, b) for b in B] for a in A])


@pytest.mark.parametrize("kind", SIMILARITIES)
@pytest.mark.parametrize("form", [np.asarray, tf.constant, np.ndarray.tolist])
def test_every_pair_is_compared(kind, form):
    matrix = similarity(form(A), form(B), kind)
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(matrix, expected_matrix(kind), rtol=1e-5, atol=1e-6)
    rows = similarity_pairwise(form(A), form(B[:5]), kind)
    np.testing.assert_allclose(rows, np.diag(expected_matrix(kind)), rtol=1e-5, atol=1e-6)


def test_blocks_of_differences_are_put_together(monkeypatch):
    monkeypatch.setattr("tfbert.tasks.similarity.BLOCK", 2 * B.size)
    np.testing.assert_allclose(similarity(A, B, "manhattan"), expected_matrix("manhattan"), rtol=1e-5)


def test_a_vector_of_zeros_is_like_nothing():
    np.testing.assert_array_equal(similarity(np.zeros(7), B), np.zeros([1, 11]))


def test_near_vectors_are_near():
    near = A[0] * (1 + 1e-6)
    assert similarity(near, A[0], "euclidean")[0, 0] == pytest.approx(-np.linalg.norm(near - A[0]), rel=1e-3)


@pytest.mark.parametrize("kind", SIMILARITIES)
@pytest.mark.parametrize("chunks", [(100, 16384), (2, 3), (1, 1)])
def test_search_finds_the_best_whatever_the_chunks(kind, chunks):
    matrix = expected_matrix(kind)
    found = search(A, B, 4, kind, *chunks)
    for row, hits in zip(matrix, found, strict=True):
        assert [hit["corpus_id"] for hit in hits] == np.argsort(-row)[:4].tolist()
        np.testing.assert_allclose([hit["score"] for hit in hits], np.sort(row)[::-1][:4], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_of_equals_the_first_is_found(chunk):
    found = search(A[0], np.repeat(A[:2], 3, axis=0), top_k=4, corpus_chunk_size=chunk)
    assert [hit["corpus_id"] for hit in found[0]] == [0, 1, 2, 3]


def test_search_returns_plain_numbers_and_no_more_than_there_are():
    (hits,) = search(A[0], B, top_k=100)
    assert len(hits) == 11
    assert {type(value) for hit in hits for value in hit.values()} == {int, float}
    assert search(A, B[:0]) == [[]] * 5
    assert search(A[:0], B) == []


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: similarity(A, B, "jaccard"), "`kind` must be one of"),
        (lambda: similarity(A, B[:, :3]), "one width. Received: 7 and 3"),
        (lambda: similarity_pairwise(A, B), "same number of rows. Received: 5 and 11"),
        (lambda: similarity("a cat", B), r"embedder\.predict"),
        (lambda: similarity(A[None], B), r"\[1, 5, 7\]"),
        (lambda: similarity([], B), "must be numbers"),
        (lambda: search(A, B, top_k=0), "`top_k`"),
        (lambda: search(A, B, corpus_chunk_size=0), "`corpus_chunk_size`"),
    ],
)
def test_wrong_use_is_refused(act, message):
    with pytest.raises(ValueError, match=message):
        act()
