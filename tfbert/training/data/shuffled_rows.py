"""ShuffledRows: rows of a stream in another order in each pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tfbert.training.callbacks.epochs import Epochs
from tfbert.training.data.row_reader import Row


class ShuffledRows:
    """Rows of which each is drawn at random from a buffer of those to come.

    The order follows from the seed and the number of the epoch alone.

    Args:
        rows: Iterable that can be run through again and again.
        buffer: int. Rows in the buffer.
        epochs: `Epochs` or None. Which epoch it is; None counts passes.
        seed: int or None. The seed where there are no `epochs`; None draws one.

    Source: `tf.data.Dataset.shuffle`, whose seeds cannot follow an epoch.
    """

    def __init__(self, rows: Iterable[Row], buffer: int, epochs: Epochs | None = None, seed: int | None = None):
        self.rows = rows
        self.buffer = buffer
        self.counts_passes = epochs is None
        self.epochs = Epochs(seed) if epochs is None else epochs

    def __iter__(self) -> Iterator[Row]:
        chance = np.random.default_rng([self.epochs.seed, self.epochs.number])
        if self.counts_passes:
            self.epochs.number += 1
        waiting: list[Row] = []
        for row in self.rows:
            if len(waiting) < self.buffer:
                waiting.append(row)
                continue
            place = int(chance.integers(self.buffer))
            drawn, waiting[place] = waiting[place], row
            yield drawn
        yield from (waiting[place] for place in chance.permutation(len(waiting)))
