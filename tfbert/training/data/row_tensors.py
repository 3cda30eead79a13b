"""Rows as a `tf.data.Dataset`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.training.data.row_reader import Row

CHUNK = 256  # rows that go to TensorFlow at a time
OF_WORDS = ("tokens", "tags", "choices")


def rows_dataset(rows: Iterable[Row], first: Row, labels: Sequence[str] | None = None) -> tf.data.Dataset:
    """Return a dataset of single rows, which are read anew in each pass.

    Args:
        rows: Iterable that can be run through again and again.
        first: `Row`. One of them, whose types are those of all.
        labels: Sequence of str or None. The classes, where a row names several.

    Returns:
        A dataset of (inputs, target), or of inputs where rows have no target. Inputs are a dict of strings; words
        alone are ragged strings [W] with ragged labels [W].
    """

    def chunks() -> Iterator[Any]:
        every_row = iter(rows)
        while chunk := list(itertools.islice(every_row, CHUNK)):
            yield _tensors(chunk, labels)

    spec = tf.nest.map_structure(_spec, _tensors([first], labels), expand_composites=False)
    return tf.data.Dataset.from_generator(chunks, output_signature=spec).unbatch()


def _tensors(rows: Sequence[Row], labels: Sequence[str] | None) -> Any:
    inputs: Any = {name: _column(name, [row.inputs[name] for row in rows]) for name in rows[0].inputs}
    inputs = inputs.get("tokens", inputs)
    targets = [row.target for row in rows]
    if targets[0] is None:
        return inputs
    if isinstance(targets[0], dict):
        return inputs, {key: tf.constant([target[key] for target in targets]) for key in targets[0]}
    if not isinstance(targets[0], list):
        return inputs, tf.constant(targets)
    if "tokens" in rows[0].inputs:
        return inputs, _column("tags", targets)
    places = {name: place for place, name in enumerate(labels or ())}
    several = np.zeros([len(rows), len(places)], np.float32)
    for row, names in enumerate(targets):
        several[row, [places[name] for name in names]] = 1.0
    return inputs, tf.constant(several)


def _column(name: str, values: Sequence[Any]) -> tf.Tensor | tf.RaggedTensor:
    if name not in OF_WORDS:
        return tf.constant(values)
    flat = tf.constant([text for texts in values for text in texts], tf.string)
    return tf.RaggedTensor.from_row_lengths(flat, [len(texts) for texts in values])


def _spec(tensor: tf.Tensor | tf.RaggedTensor) -> tf.TypeSpec:
    """The spec of chunks of any number of rows."""
    if isinstance(tensor, tf.RaggedTensor):
        return tf.RaggedTensorSpec([None, None], tensor.dtype, ragged_rank=1)
    return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)
