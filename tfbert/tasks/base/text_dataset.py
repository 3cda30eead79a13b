"""Text of every form as a `tf.data.Dataset` of batches."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import tensorflow as tf


def is_tokenized(inputs: Any) -> bool:
    """Whether a task's inputs are ids already: `{"input_ids": …}`, or such dicts by name."""
    return isinstance(inputs, dict) and ("input_ids" in inputs or any(isinstance(v, dict) for v in inputs.values()))


def arrays_dataset(rows: tuple[Any, Any, Any], *, shuffle: bool, batch_size: int) -> tf.data.Dataset:
    """Return batches of rows, shuffled anew each epoch if asked.

    Args:
        rows: Text columns as `read_columns` returns them; labels or None; weights or None.
        shuffle: bool.
        batch_size: int.

    Returns:
        A dataset of tuples without what is None, or of the columns alone where there are no labels.
    """
    texts, *targets = rows
    present = tuple(target for target in targets if target is not None)
    dataset = tf.data.Dataset.from_tensor_slices((texts, *present) if present else texts)
    if shuffle:
        count = next(iter(texts.values())).shape[0]
        dataset = dataset.shuffle(count, reshuffle_each_iteration=True)
    return dataset.batch(batch_size)


def batched(dataset: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
    """Return a user's dataset in batches; one whose elements are single rows is batched first.

    Args:
        dataset: Elements are text, or tuples of text and further parts; text is a string tensor or a dict of them.
        batch_size: int.

    Returns:
        A dataset of batches.

    Raises:
        ValueError: If elements of two texts may be pairs or batches.
    """
    # A scalar anywhere means single rows: the text itself, or the label beside a pair [2].
    single_rows = any(spec.shape.rank == 0 for spec in tf.nest.flatten(dataset.element_spec))
    text = dataset.element_spec
    if not single_rows and isinstance(text, tf.TensorSpec) and text.shape.as_list() == [2]:
        raise ValueError(
            "A dataset of string tensors of shape [2] may mean pairs or batches of two texts. Write pairs as dicts, "
            "{'text': …, 'text_pair': …}, or in batches [B, 2]: dataset.batch(32)."
        )
    return dataset.batch(batch_size) if single_rows else dataset


def holds_pairs(spec: Any) -> bool:
    """Whether the input part of a batch's spec is pairs of texts."""
    if isinstance(spec, dict):
        return "text_pair" in spec
    return spec.shape.rank == 2 and spec.shape[1] == 2


def inputs_of(element: Any) -> Any:
    """Return the input part of a dataset's element (or of its spec): its first entry if it is a tuple."""
    return element[0] if isinstance(element, tuple) else element


@contextlib.contextmanager
def end_is_no_surprise(dataset: tf.data.Dataset, steps: int | None) -> Iterator[None]:
    """Keep Keras from warning that the data ran out where nobody said how long it is.

    Args:
        dataset: The dataset that is run through.
        steps: int or None. The number of batches that the user asked for; with one, the warning is right.

    Yields:
        Nothing.
    """
    with warnings.catch_warnings():
        if steps is None and int(dataset.cardinality()) == tf.data.UNKNOWN_CARDINALITY:
            warnings.filterwarnings("ignore", message="Your input ran out of data")
        yield
