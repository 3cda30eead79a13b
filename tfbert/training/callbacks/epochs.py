"""Epochs: which epoch a training is in, for datasets that begin anew in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

SPREAD = 1_000_003  # keeps the seeds of neighbouring epochs apart


class Epochs:
    """The seed and the number of the epoch, from which all that is random in a dataset follows.

    A dataset made here reads both whenever it begins, so that a training which is resumed sees the same order of texts
    and the same masks as one that ran through.

    Args:
        seed: int or None, default None. None draws one from NumPy's generator, which `keras.utils.set_random_seed`
            sets.

    Example:
        >>> epochs = Epochs(seed=1)
        >>> seeds = epochs.dataset(tf.data.Dataset.from_tensors)
        >>> next(iter(seeds)).numpy().tolist()
        [1, 0]
        >>> epochs.number = 5
        >>> next(iter(seeds)).numpy().tolist()
        [1, 5]
    """

    def __init__(self, seed: int | None = None):
        self.seed = int(np.random.randint(2**31)) if seed is None else seed
        self.number = 0

    def dataset(self, make: Callable[[tf.Tensor], tf.data.Dataset]) -> tf.data.Dataset:
        """Return a dataset that `make` makes of a seed, int64 [2], anew in each epoch."""
        spec = tf.TensorSpec([2], tf.int64)
        return tf.data.Dataset.from_generator(self._seeds, output_signature=spec).flat_map(make)

    def batch_seeds(self) -> tf.data.Dataset:
        """Return an endless dataset of seeds, int64 [2], one for each batch."""

        def seeds_of(epoch: tf.Tensor) -> tf.data.Dataset:
            return tf.data.Dataset.counter().map(lambda index: tf.stack([epoch[0] + SPREAD * epoch[1], index]))

        return self.dataset(seeds_of)

    def _seeds(self) -> Iterator[list[int]]:
        yield [self.seed, self.number]
