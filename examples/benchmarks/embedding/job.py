"""What every contender shares: its job, ids by the library `tokenizers`, the mean of the real tokens, its turns."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from examples.benchmarks.peers import serve_turns


class Job(NamedTuple):
    """What a contender has to do.

    Args:
        folder: str. The Hugging Face folder of the model.
        model: str. What to load: that folder, or the file or folder that was made of it.
        precision: str. "float32", "bfloat16", "int8" or "dynamic_int8".
        texts: list of str.
        batch_size: int. Texts a call, in the given order.
        max_length: int. The longest row in tokens.
        threads: int.
        vectors: str. Where to write the vectors.
    """

    folder: str
    model: str
    precision: str
    texts: list[str]
    batch_size: int
    max_length: int
    threads: int
    vectors: str

    @classmethod
    def read(cls) -> Job:
        """Read the file that the script's only argument names."""
        return cls(**json.loads(Path(sys.argv[1]).read_text()))

    def serve(self, versions: str, embed: Callable[[list[str]], np.ndarray]) -> None:
        """In each turn embed all texts, write the vectors, and say how long each call took."""

        def work() -> dict:
            seconds, vectors = [], []
            for first in range(0, len(self.texts), self.batch_size):
                batch = self.texts[first : first + self.batch_size]
                start = time.perf_counter()
                vectors.append(embed(batch))
                seconds.append(time.perf_counter() - start)
            np.save(self.vectors, np.concatenate(vectors))
            return {"seconds": seconds}

        serve_turns({"versions": versions}, work)

    def rust_tokenizer(self) -> Callable[[list[str]], tuple[np.ndarray, np.ndarray]]:
        """Return a function from texts to ids and mask, int64 [B, S], padded to the longest of the batch."""
        import tokenizers

        tokenizer = tokenizers.Tokenizer.from_file(str(Path(self.folder) / "tokenizer.json"))
        tokenizer.enable_truncation(self.max_length)
        tokenizer.enable_padding()

        def encode(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
            rows = tokenizer.encode_batch_fast(texts)
            return np.array([row.ids for row in rows]), np.array([row.attention_mask for row in rows])

        return encode


def unit_means(states: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean of the real tokens' states [B, S, D], scaled to length 1: float32 [B, D]."""
    sums = (mask[:, None, :].astype(np.float32) @ states)[:, 0]  # the length takes care of the count
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)
