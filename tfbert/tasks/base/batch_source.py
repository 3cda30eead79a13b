"""Batches that Python makes, of a generator or a `keras.utils.PyDataset`, as a `tf.data.Dataset`."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.training.callbacks.epochs import Epochs

Batch = tuple[Any, ...]


def is_batch_source(x: Any) -> bool:
    """Whether it is a generator, or another iterator, or a `PyDataset`."""
    return isinstance(x, Iterator | keras.utils.PyDataset)


def source_dataset(source: Any, read: Callable[[Batch], Any], epochs: Epochs | None = None) -> tf.data.Dataset:
    """Return the batches of a source.

    Args:
        source: A `PyDataset`, or an iterator of batches: (texts, labels) or (texts, labels, weights).
        read: Function of such a tuple that returns tensors and arrays, the same structure for each batch.
        epochs: `Epochs` or None. Take the batches of a `PyDataset` in another order in each of these epochs.

    Returns:
        A dataset of what `read` returns. An iterator is run through once.

    Raises:
        ValueError: If the source is empty.
    """
    if isinstance(source, keras.utils.PyDataset):
        count = source.num_batches
        if count == 0:
            raise ValueError(f"`x` is empty: the {type(source).__name__} has no batches.")
        first = read(_as_batch(source[0]))

        def batches() -> Iterator[Any]:
            return map(read, map(_as_batch, _items(source, _order(count, epochs))))

    else:
        given = map(read, map(_as_batch, source))
        head = next(given, None)
        if head is None:
            raise ValueError("`x` is empty: the generator has no batches.")
        count, first = None, head
        all_of_it = itertools.chain([head], given)

        def batches() -> Iterator[Any]:
            return all_of_it

    dataset = tf.data.Dataset.from_generator(batches, output_signature=tf.nest.map_structure(_spec, first))
    return dataset if count is None else dataset.apply(tf.data.experimental.assert_cardinality(count))


class KeptBatches(keras.utils.PyDataset):
    """The first batches of an iterator, kept so that they can be run through again and again.

    Args:
        batches: An iterator.
        count: int or None. How many to keep; None is all.
    """

    def __init__(self, batches: Iterator[Any], count: int | None = None):
        super().__init__()
        self.batches = list(itertools.islice(batches, count))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def labels_of_source(source: keras.utils.PyDataset) -> list[Any]:
    """Return all labels of a `PyDataset`, which is read once for them."""
    return [label for index in range(source.num_batches) for label in _as_batch(source[index])[1]]


def _as_batch(item: Any) -> Batch:
    return tuple(item) if isinstance(item, tuple) else (item,)


def _order(count: int | None, epochs: Epochs | None) -> Iterable[int]:
    """The places of batches in this epoch; without end where there is none."""
    if count is None:
        return itertools.count()
    return range(count) if epochs is None else np.random.default_rng([epochs.seed, epochs.number]).permutation(count)


def _items(source: keras.utils.PyDataset, order: Iterable[int]) -> Iterator[Any]:
    """Batches in an order, made ahead by as many threads as the source has `workers`."""
    if source.workers <= 1:
        yield from (source[int(index)] for index in order)
    else:
        with ThreadPoolExecutor(source.workers) as pool:
            ahead: deque = deque()
            for index in order:
                ahead.append(pool.submit(source.__getitem__, int(index)))
                if len(ahead) >= max(source.max_queue_size, 1):
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()


def _spec(values: Any) -> tf.TensorSpec:
    tensor = tf.convert_to_tensor(values)
    return tf.TensorSpec([None] * tensor.shape.rank, tensor.dtype)
