"""How alike vectors are: matrices of similarities, and search for the nearest."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfbert.option_checks import check_choice, check_count

SIMILARITIES = ("cosine", "dot", "euclidean", "manhattan")
BLOCK = 2**22  # numbers that differences of vectors take at a time


def similarity(a: Any, b: Any, kind: str = "cosine") -> np.ndarray:
    """Return how alike each vector of `a` is to each of `b`.

    Args:
        a: Array or tensor [A, D] or [D].
        b: Array or tensor [B, D] or [D].
        kind: str, default "cosine". Or "dot"; "euclidean" and "manhattan" are distances with a minus before them.

    Returns:
        float32 [A, B].

    Raises:
        ValueError: If there is no such kind, or the vectors are of different widths.

    Example:
        >>> similarity([[1.0, 0.0], [0.0, 2.0]], [3.0, 4.0]).round(1).tolist()
        [[0.6000000238418579], [0.800000011920929]]

    Source: `SimilarityFunction` of sentence-transformers.
    """
    check_choice("kind", kind, SIMILARITIES)
    a, b = _as_vectors(a, "a"), _as_vectors(b, "b")
    _check_widths(a, b)
    if kind == "cosine":
        a, b = _unit(a), _unit(b)
    if kind in ("cosine", "dot"):
        return a @ b.T
    return -(_euclidean(a, b) if kind == "euclidean" else _manhattan(a, b))


def similarity_pairwise(a: Any, b: Any, kind: str = "cosine") -> np.ndarray:
    """Return how alike each vector of `a` is to the one of `b` in the same row.

    Args:
        a: Array or tensor [N, D] or [D].
        b: As `a`.
        kind: str, default "cosine". As in `similarity`.

    Returns:
        float32 [N].

    Raises:
        ValueError: If there is no such kind, or the shapes differ.

    Example:
        >>> similarity_pairwise([[1.0, 0.0], [0.0, 2.0]], [[3.0, 4.0], [0.0, 1.0]], "manhattan").tolist()
        [-6.0, -1.0]
    """
    check_choice("kind", kind, SIMILARITIES)
    a, b = _as_vectors(a, "a"), _as_vectors(b, "b")
    _check_widths(a, b)
    if len(a) != len(b):
        raise ValueError(f"`a` and `b` must have the same number of rows. Received: {len(a)} and {len(b)}.")
    if kind == "cosine":
        a, b = _unit(a), _unit(b)
    if kind in ("cosine", "dot"):
        return (a * b).sum(axis=1)
    return -(np.linalg.norm(a - b, axis=1) if kind == "euclidean" else np.abs(a - b).sum(axis=1))


def search(
    queries: Any,
    corpus: Any,
    top_k: int = 10,
    kind: str = "cosine",
    query_chunk_size: int = 100,
    corpus_chunk_size: int = 16384,
) -> list[list[dict[str, Any]]]:
    """Return the vectors of a corpus that are most like each query.

    Args:
        queries: Array or tensor [Q, D] or [D].
        corpus: Array or tensor [N, D].
        top_k: int, default 10. How many to return for each query.
        kind: str, default "cosine". As in `similarity`.
        query_chunk_size: int, default 100. Queries that are compared at a time.
        corpus_chunk_size: int, default 16384. Vectors of the corpus that are compared at a time.

    Returns:
        For each query a list of {"corpus_id": int, "score": float}, best first; of equals the one of the smaller id.

    Raises:
        ValueError: If there is no such kind, the widths differ, or a number is below 1.

    Example:
        >>> search([1.0, 0.0], [[0.0, 1.0], [2.0, 0.0]], top_k=1)
        [[{'corpus_id': 1, 'score': 1.0}]]

    Source: `semantic_search` of sentence-transformers.
    """
    for name, count in {"top_k": top_k, "query_chunk_size": query_chunk_size}.items():
        check_count(name, count)
    check_count("corpus_chunk_size", corpus_chunk_size)
    queries = _as_vectors(queries, "queries")
    found = []
    for start in range(0, len(queries), query_chunk_size):
        found += _nearest(queries[start : start + query_chunk_size], corpus, top_k, kind, corpus_chunk_size)
    return found


def _nearest(queries: np.ndarray, corpus: Any, top_k: int, kind: str, chunk_size: int) -> list[list[dict[str, Any]]]:
    """The best of each chunk compete with the best of those before it."""
    import tensorflow as tf

    scores = np.zeros([len(queries), 0], np.float32)
    ids = np.zeros([len(queries), 0], np.int64)
    for start in range(0, len(corpus), chunk_size):
        new_scores = similarity(queries, corpus[start : start + chunk_size], kind)
        new_ids = np.broadcast_to(np.arange(start, start + new_scores.shape[1]), new_scores.shape)
        scores = np.concatenate([scores, new_scores], axis=1)
        best = tf.math.top_k(scores, k=min(top_k, scores.shape[1])).indices.numpy()
        scores = np.take_along_axis(scores, best, axis=1)
        ids = np.take_along_axis(np.concatenate([ids, new_ids], axis=1), best, axis=1)
    return [
        [{"corpus_id": int(number), "score": float(score)} for number, score in zip(*row)] for row in zip(ids, scores)
    ]


def _as_vectors(given: Any, name: str) -> np.ndarray:
    """[N, D] of what is that or [D]."""
    vectors = np.asarray(given)
    if vectors.dtype.kind not in "fiub" or vectors.ndim not in (1, 2) or not vectors.shape[-1]:
        raise ValueError(
            f"`{name}` must be numbers of shape [N, D] or [D]. Received: {vectors.dtype.name} of shape "
            f"{list(vectors.shape)}. Texts are embedded first: embedder.predict(texts)['embedding']."
        )
    return np.atleast_2d(vectors).astype(np.float32, copy=False)


def _check_widths(a: np.ndarray, b: np.ndarray) -> None:
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"Vectors must be of one width. Received: {a.shape[1]} and {b.shape[1]}.")


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _euclidean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """By |a|² + |b|² - 2ab, in float64, because near vectors cancel each other."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0)).astype(np.float32)


def _manhattan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Some rows at a time, since all differences are [A, B, D]."""
    rows = max(1, BLOCK // max(1, b.size))
    distances = np.zeros([len(a), len(b)], np.float32)
    for start in range(0, len(a), rows):
        part = slice(start, start + rows)
        distances[part] = np.abs(a[part, None] - b).sum(axis=2)
    return distances
