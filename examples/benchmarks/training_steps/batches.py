"""The batches that every contender trains on: ids of real tweets, in the order of the data, padded to the longest."""

from pathlib import Path

import numpy as np

NAMES = ("input_ids", "attention_mask", "token_type_ids", "labels")
LEARNING_RATE = 1e-5
WEIGHT_DECAY = 0.01
CLIP_NORM = 1.0


def write(path: Path, batches: list[dict[str, np.ndarray]]) -> None:
    """Write batches of arrays by name."""
    np.savez(path, **{f"{index}/{name}": batch[name] for index, batch in enumerate(batches) for name in NAMES})


def read(path: str | Path) -> list[dict[str, np.ndarray]]:
    """Read what `write` wrote."""
    with np.load(path) as stored:
        count = len(stored.files) // len(NAMES)
        return [{name: stored[f"{index}/{name}"] for name in NAMES} for index in range(count)]
