"""ShuffledRows: rows of a stream in another order in each pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tfbert.training.callbacks.epochs import Epochs
from tfbert.training.data.row_reader import Row


class ShuffledRows:
    """Rows of which each is drawn at random from a buffer of those to come.

    The order follows from the seed and the number of the epoch alone.

    Args:
        rows: Iterable that can be run through again and again.
        buffer: int. Rows in the buffer.
        epochs: Function that returns `Epochs`, or None. Asked at the beginning of each pass, since `fit` makes its own;
            None counts passes.
        seed: int or None. The seed where there are no `epochs`; None draws one.

    Source: `tf.data.Dataset.shuffle`, whose seeds cannot follow an epoch.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        buffer: int,
        epochs: Callable[[], Epochs] | None = None,
        seed: int | None = None,
    ):
        self.rows = rows
        self.buffer = buffer
        self.epochs = epochs
        self._passes: Any = Epochs(seed) if epochs is None else None

    def __iter__(self) -> Iterator[Row]:
        epochs = self._passes if self.epochs is None else self.epochs()
        chance = np.random.default_rng([epochs.seed, epochs.number])
        if self.epochs is None:
            epochs.number += 1
        waiting: list[Row] = []
        for row in self.rows:
            if len(waiting) < self.buffer:
                waiting.append(row)
                continue
            place = int(chance.integers(self.buffer))
            drawn, waiting[place] = waiting[place], row
            yield drawn
        yield from (waiting[place] for place in chance.permutation(len(waiting)))
