"""Answers to many rows: in batches of like length, the next of which are tokenized ahead."""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

AHEAD = 2  # batches that are tokenized while the model works on another

Columns = dict[str, tf.Tensor]
Answers = dict[str, tf.Tensor]


class Graphs(NamedTuple):
    """A task's graphs for one set of columns: `whole` is `tokenize` and `finish` in one, which are None without."""

    whole: Any
    tokenize: Any = None
    finish: Any = None


class AnswerFunction:
    """A task's call as one graph for each set of columns, whatever their lengths.

    Args:
        task: The task.
    """

    def __init__(self, task: Any):
        self._task = task
        self._state: Any = None
        self._traced: dict[tuple[str, ...], Graphs] = {}

    def __call__(self, columns: Columns) -> Answers:
        """Return the task's answers to a batch of columns."""
        if self._task.run_eagerly:
            return self._task(columns, training=False)
        return self._graphs(columns).whole(*columns.values())

    def ahead(self, batches: Iterable[tuple[Any, Columns]]) -> Iterator[tuple[Any, Callable[[], Answers]]]:
        """Make ready to answer batch after batch; while the model works on one, the next are tokenized.

        Threads do so rather than `tf.data`: to start a dataset whose graph holds a vocabulary takes as long as to
        tokenize a hundred batches.

        Args:
            batches: Iterable of anything that tells a batch, such as its rows, and its columns.

        Yields:
            What tells the batch, and a function that returns its answers.
        """
        batches = iter(batches)
        first = list(itertools.islice(batches, 2))
        batches = itertools.chain(first, batches)
        if len(first) < 2 or self._task.run_eagerly or not self._task.answers_in_steps:
            for key, columns in batches:
                yield key, functools.partial(self, columns)
            return
        waiting: deque = deque()
        with ThreadPoolExecutor(AHEAD) as threads:
            for key, columns in batches:
                graphs, texts = self._graphs(columns), tuple(columns.values())
                waiting.append((key, graphs.finish, threads.submit(graphs.tokenize, *texts), texts))
                if len(waiting) > AHEAD:
                    yield _ready(*waiting.popleft())
            while waiting:
                yield _ready(*waiting.popleft())

    def _graphs(self, columns: Columns) -> Graphs:
        state = (id(self._task.config), self._task.options())
        if self._state != state:  # other options, labels or another head, perhaps by way of a twin
            self._traced, self._state = {}, state
        names = tuple(columns)
        if names not in self._traced:
            self._traced[names] = self._trace(columns)
        return self._traced[names]

    def _trace(self, columns: Columns) -> Graphs:
        task, names = self._task, tuple(columns)
        specs = [tf.TensorSpec([None] * column.shape.rank, tf.string, name=name) for name, column in columns.items()]
        if not task.answers_in_steps:
            return Graphs(_graph(lambda *texts: task(dict(zip(names, texts)), training=False), specs))
        tokenize = _graph(lambda *texts: task.tokenize(dict(zip(names, texts))), specs)

        def finished(features, *texts):
            return task.decode(task(features, training=False), features, dict(zip(names, texts)))

        features = tf.nest.map_structure(tf.type_spec_from_value, tokenize.structured_outputs)
        finish = _graph(finished, [features, *specs])
        return Graphs(_graph(lambda *texts: finish(tokenize(*texts), *texts), specs), tokenize, finish)


def _graph(function: Callable, specs: list[Any]) -> Any:
    return tf.function(function, input_signature=specs, autograph=False).get_concrete_function()


def _ready(key: Any, finish: Any, features: Any, texts: tuple) -> tuple[Any, Callable[[], Answers]]:
    return key, lambda: finish(features.result(), *texts)


def batches_of_like_length(columns: Columns, batch_size: int) -> Iterator[tuple[np.ndarray, Columns]]:
    """Cut rows into batches, long texts with long ones, so that little is padded.

    Args:
        columns: dict of string tensors [N, …].
        batch_size: int.

    Yields:
        The rows of a batch, int64 [B], and their columns; the longest first, whose answers are widest.
    """
    length: Any = 0
    for column in columns.values():
        sizes = tf.strings.length(column).numpy()
        length = length + (sizes.sum(axis=1) if sizes.ndim == 2 else sizes)
    order = np.argsort(-length, kind="stable")
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        yield rows, {name: tf.gather(column, rows) for name, column in columns.items()}
