"""The text-embedding pipeline, and the hub's sentence-similarity."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfbert.tasks.pipelines.pipeline import Pipeline, Row
from tfbert.tasks.similarity import similarity

KEYS = {"source_sentence", "sentences"}


class TextEmbedderPipeline(Pipeline):
    """Texts in, lists of floats out; or how alike a sentence is to others.

    A str gives a list of floats. A dict {"source_sentence": str, "sentences": list of str} gives the cosine between
    the source and each of the sentences, a list of floats.

    Example:
        >>> embed = pipeline("text-embedding", model="path/to/all-MiniLM-L6-v2")  # doctest: +SKIP
        >>> len(embed("The cat sits outside."))  # doctest: +SKIP
        384
        >>> embed({"source_sentence": "A cat", "sentences": ["A kitten", "A train"]})  # doctest: +SKIP
        [0.79, 0.21]

    Source: the sentence-similarity task of the Hugging Face hub; `encode` of sentence-transformers.
    """

    def write(self, row: Any, answer: Any, task: Any) -> Any:
        return answer["embedding"].tolist()

    def read_row(self, value: Any) -> Row:
        if not isinstance(value, dict) or value.keys() == {"text"}:
            return super().read_row(value)
        if value.keys() != KEYS or isinstance(value["sentences"], str):
            raise ValueError(
                "To compare sentences write {'source_sentence': 'one', 'sentences': ['two', 'three']}. "
                f"Received: { {key: type(entry).__name__ for key, entry in value.items()} }."
            )
        return value

    def _answered(self, task: Any, rows: list[Row], batch_size: int) -> list[Any]:
        """Embed the sentences of a comparison as texts like all others, then put them together again."""
        texts = [[row["text"]] if "text" in row else [row["source_sentence"], *row["sentences"]] for row in rows]
        vectors = iter(super()._answered(task, [{"text": text} for group in texts for text in group], batch_size))
        found = [[next(vectors) for _ in group] for group in texts]
        return [group[0] if "text" in row else _cosines(group) for row, group in zip(rows, found)]


def _cosines(vectors: list[list[float]]) -> list[float]:
    source, *others = np.asarray(vectors, dtype=np.float32)
    return similarity(source, np.stack(others))[0].tolist() if others else []
