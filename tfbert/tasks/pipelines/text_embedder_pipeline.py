"""The text-embedding pipeline, and the hub's sentence-similarity."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tfbert.tasks.pipelines.pipeline import Pipeline
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

    def _answers(self, task: Any, inputs: Iterable[Any], batch_size: int) -> Iterator[Any]:
        """Embed the sentences of a comparison as texts like all others, then put them together again."""
        sizes: deque[int | None] = deque()  # the number of a comparison's texts; None for a text by itself
        gathered: list[list[float]] = []
        for vector in super()._answers(task, _texts(inputs, sizes), batch_size):
            gathered.append(vector)
            if len(gathered) == (sizes[0] or 1):
                yield gathered[0] if sizes.popleft() is None else _cosines(gathered)
                gathered = []


def _texts(inputs: Iterable[Any], sizes: deque[int | None]) -> Iterator[Any]:
    """All texts of the inputs, one after the other."""
    for value in inputs:
        if not isinstance(value, dict) or value.keys() == {"text"}:
            sizes.append(None)
            yield value
        elif value.keys() == KEYS and not isinstance(value["sentences"], str):
            texts = [value["source_sentence"], *value["sentences"]]
            sizes.append(len(texts))
            yield from texts
        else:
            raise ValueError(
                "To compare sentences write {'source_sentence': 'one', 'sentences': ['two', 'three']}. "
                f"Received: { {key: type(entry).__name__ for key, entry in value.items()} }."
            )


def _cosines(vectors: list[list[float]]) -> list[float]:
    source, *others = np.asarray(vectors, dtype=np.float32)
    return similarity(source, np.stack(others))[0].tolist() if others else []
