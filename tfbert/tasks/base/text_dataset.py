"""Text of every form as a `tf.data.Dataset` of batches."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from tfbert.training.callbacks.epochs import Epochs

POOL = 50  # batches whose rows are sorted by length together


def is_tokenized(inputs: Any) -> bool:
    """Whether a task's inputs are ids already: `{"input_ids": …}`, or such dicts by name."""
    return isinstance(inputs, dict) and ("input_ids" in inputs or any(isinstance(v, dict) for v in inputs.values()))


def arrays_dataset(
    rows: tuple[Any, Any, Any], batch_size: int, epochs: Epochs | None = None, group_by_length: bool = False
) -> tf.data.Dataset:
    """Return batches of rows.

    Args:
        rows: Text columns as `read_columns` returns them; labels or None; weights or None.
        batch_size: int.
        epochs: `Epochs` or None. Shuffle anew in each of these epochs.
        group_by_length: bool, default False. Shuffle such that rows of like length share a batch.

    Returns:
        A dataset of tuples without what is None, or of the columns alone where there are no labels.
    """
    texts, *targets = rows
    present = tuple(target for target in targets if target is not None)
    elements = (texts, *present) if present else texts
    if epochs is None:
        return tf.data.Dataset.from_tensor_slices(elements).batch(batch_size)
    elements = tf.nest.map_structure(tf.convert_to_tensor, elements)
    count = row_count(rows)
    lengths = bytes_of_rows(texts) if group_by_length else None

    def batches_of_places(seed: tf.Tensor) -> tf.data.Dataset:
        order = tf.random.experimental.stateless_shuffle(tf.range(count), seed)
        if lengths is not None:
            order = grouped_by_length(order, lengths, batch_size, seed)
        return tf.data.Dataset.from_tensor_slices(order).batch(batch_size)

    places = epochs.dataset(batches_of_places).apply(tf.data.experimental.assert_cardinality(-(-count // batch_size)))
    return places.map(lambda rows: tf.nest.map_structure(lambda values: tf.gather(values, rows), elements))


def split_rows(rows: tuple[Any, Any, Any], share: float) -> tuple[Any, Any]:
    """Cut the last rows off for validation, as Keras does.

    Args:
        rows: As in `arrays_dataset`.
        share: float. The `validation_split` of `fit`.

    Returns:
        Two such tuples.

    Raises:
        ValueError: If no rows are left on one side.
    """
    if not 0 < share < 1:
        raise ValueError(f"`validation_split` must lie between 0 and 1. Received: {share!r}.")
    count = row_count(rows)
    cut = int(count * (1.0 - share))
    if cut in (0, count):
        raise ValueError(f"`validation_split`={share} leaves no rows on one side of {count}.")
    return rows_in(rows, slice(0, cut)), rows_in(rows, slice(cut, None))


def rows_in(rows: tuple[Any, Any, Any], span: slice) -> tuple[Any, Any, Any]:
    """Return some of the rows, which are as in `arrays_dataset`."""
    return tf.nest.map_structure(lambda values: None if values is None else values[span], rows)


def row_count(rows: tuple[Any, Any, Any]) -> int:
    """Return how many rows there are; they are as in `arrays_dataset`."""
    return int(next(iter(rows[0].values())).shape[0])


def bytes_of_rows(texts: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return how many bytes of text each row of columns [B] or [B, C] has, int32 [B]."""
    lengths = [tf.strings.length(column) for column in texts.values()]
    return tf.add_n([tf.reduce_sum(of, axis=1) if of.shape.rank == 2 else of for of in lengths])


def grouped_by_length(order: tf.Tensor, lengths: tf.Tensor, batch_size: int, seed: tf.Tensor) -> tf.Tensor:
    """Return a shuffled order such that rows of like length come together in batches, whose order is random.

    Args:
        order: int32 [N]. Rows, shuffled.
        lengths: int32 [N]. How long each row is.
        batch_size: int.
        seed: int64 [2].

    Returns:
        int32 [N]. Rows are sorted within pools of fifty batches, so that batches still differ between epochs.

    Source: `LengthGroupedSampler` of Hugging Face transformers.
    """
    pool = tf.cast(tf.range(tf.size(order)) // (POOL * batch_size), tf.int64)
    longest = tf.cast(tf.reduce_max(lengths, axis=0), tf.int64) + 1
    order = tf.gather(order, tf.argsort(pool * longest + tf.cast(tf.gather(lengths, order), tf.int64), stable=True))
    full = tf.size(order) // batch_size
    batches = tf.reshape(order[: full * batch_size], [full, batch_size])
    batches = tf.gather(batches, tf.random.experimental.stateless_shuffle(tf.range(full), seed + 1))
    return tf.concat([tf.reshape(batches, [-1]), order[full * batch_size :]], axis=0)


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
    # A scalar anywhere means single rows: the text itself, or the label beside a pair [2]; so do the words of one text.
    single_rows = any(
        spec.shape.rank == (1 if isinstance(spec, tf.RaggedTensorSpec) else 0)
        for spec in tf.nest.flatten(dataset.element_spec)
    )
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
