"""Class labels of every form, as the numbers that a loss takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.training.data.numerals import numeral_of_another
from tfbert.training.losses.label_losses import IGNORED_LABEL, check_labels, problem_type_of


def as_label_array(labels: Any) -> np.ndarray:
    """Return labels as an array: of Python str where they are strings, of lists of str where rows name several.

    Args:
        labels: A list, tuple, array, Series, DataFrame or tensor of one label (or row of labels) for each text.

    Returns:
        A NumPy array whose first axis is the texts.

    Raises:
        TypeError: If it is no such sequence, or mixes strings with something else.
        ValueError: If there are none.
    """
    if hasattr(labels, "to_numpy"):
        labels = labels.to_numpy()
    elif tf.is_tensor(labels):
        labels = labels.numpy()
    if not isinstance(labels, list | tuple | np.ndarray) or (isinstance(labels, np.ndarray) and labels.ndim == 0):
        raise TypeError(
            f"`y` must be a list or an array with a label for each text. Received: {type(labels).__name__}."
        )
    rows = [row[0] if isinstance(row, np.ndarray) and row.shape == (1,) else row for row in labels]
    if not rows:
        raise ValueError("`y` is empty. Give one label for each text.")
    for index, row in enumerate(rows):
        if row is None or (isinstance(row, float) and np.isnan(row)):
            raise ValueError(f"`y` has no label at row {index}. Drop that text, or label it.")
    if any(_names_several(row) for row in rows):
        array = np.empty(len(rows), dtype=object)
        for index, row in enumerate(rows):  # one by one: NumPy would make a table of rows of one length
            array[index] = [_as_str(name) for name in ([row] if isinstance(row, str | bytes) else row)]
        return array
    if _holds_text(rows):
        for index, row in enumerate(rows):
            if not isinstance(row, str | bytes):
                raise TypeError(f"`y` must hold strings or numbers, not both. Received: {row!r} at row {index}.")
        return np.array([_as_str(row) for row in rows], dtype=object)
    return np.asarray(rows)


def class_names(labels: np.ndarray) -> list[str] | None:
    """Return the distinct names in labels from `as_label_array`, sorted; None where labels are numbers."""
    if labels.dtype != object:
        return None
    names: set[str] = set()
    for row in labels:
        names.update(row if isinstance(row, list) else [row])
    return sorted(names)


def check_has_end(dataset: tf.data.Dataset) -> None:
    """Refuse a dataset that cannot be run through for its labels.

    Raises:
        ValueError: If it has no end.
    """
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "An endless dataset cannot be searched for its labels. Name them: "
            "from_pretrained(..., id2label={0: …, 1: …})."
        )


def check_numbers_are_clear(name: str, label2id: Mapping[str, int]) -> None:
    """Refuse numbers for classes one of which is named by the number of another.

    Args:
        name: str. The argument that holds numbers.
        label2id: dict from the names of the classes, in their order, to their numbers.

    Raises:
        ValueError: If 3 may mean the class 3 or the one named "3".
    """
    names = list(label2id)
    other = numeral_of_another(names)
    if other is not None:
        raise ValueError(
            f"`{name}` holds numbers, and the class {other} of the model is named {names[other]!r}: either may be "
            f"meant. Give names, [str(label) for label in {name}]; or, if they are class numbers, "
            f"[model.config.id2label[label] for label in {name}]."
        )


def encode_labels(labels: np.ndarray, config: BertConfig) -> np.ndarray:
    """Turn labels into what the loss takes: strings are names, and numbers those of the classes.

    Args:
        labels: Array from `as_label_array`.
        config: `BertConfig`, whose `label2id` names the classes and whose `problem_type` says what labels mean.

    Returns:
        int32 [N] class numbers; float32 [N, K] of 0 and 1 for several labels a text; float32 [N] for regression.

    Raises:
        ValueError: If a label is unknown or out of range, or a number may be the name of another class.
    """
    if is_regression(config):
        values = _as_floats(labels)
        expected = (len(labels),) if config.num_labels == 1 else (len(labels), config.num_labels)
        if values.shape != expected and (config.num_labels > 1 or values.shape != (len(labels), 1)):
            raise ValueError(f"`y` of a regression must have the shape {expected}. Received: {values.shape}.")
        return values.reshape(expected)
    if config.problem_type == "multi_label_classification":
        return _encode_several(labels, config)
    if labels.dtype == object and any(isinstance(row, list) for row in labels):
        raise ValueError(
            "`y` must hold one label for each text. Received: rows of several. "
            "For several labels a text write from_pretrained(..., problem_type='multi_label_classification')."
        )
    if labels.dtype == object:
        return np.array([_class_number(name, row, config) for row, name in enumerate(labels)], np.int32)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(
            f"`y` must hold one class for each text, shape [N]. Received: {labels.shape}. "
            "For several labels a text write from_pretrained(..., problem_type='multi_label_classification')."
        )
    check_numbers_are_clear("y", config.label2id)
    numbers = _as_floats(labels).astype(np.int32)
    if not np.array_equal(numbers, labels):
        raise ValueError(f"`y` must hold whole class numbers or names. Received: {labels[numbers != labels][0]!r}.")
    wrong = np.flatnonzero(((numbers < 0) & (numbers != IGNORED_LABEL)) | (numbers >= config.num_labels))
    if wrong.size:
        raise ValueError(
            f"Unknown label {numbers[wrong[0]]} at row {wrong[0]}; the model has {config.num_labels} classes, "
            f"{_named(config)}. For others write from_pretrained(..., num_labels={max(numbers) + 1})."
        )
    return numbers


def encode_in_graph(labels: tf.Tensor, config: BertConfig) -> tf.Tensor:
    """Turn a batch of labels into what the loss takes, inside `tf.data`.

    Args:
        labels: Tensor [B], [B, 1] or [B, K]; strings are names, and numbers those of the classes.
        config: `BertConfig`.

    Returns:
        int32 [B] class numbers, or float32 [B] or [B, K].

    Raises:
        ValueError: If their type or shape does not belong to the model, or numbers may be names of other classes.
        InvalidArgumentError: When run, if a label is unknown or out of range.
    """
    if not tf.is_tensor(labels):
        raise ValueError(f"The labels of a dataset must be one tensor. Received: {type(labels).__name__}.")
    regression = is_regression(config)
    if regression or config.problem_type == "multi_label_classification":
        if labels.dtype == tf.string:
            raise ValueError("The labels of this dataset must be numbers: regression values, or rows of 0 and 1.")
        check_labels(config, labels, None)
        return tf.cast(labels, tf.float32)
    if labels.shape.rank == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape.rank != 1 or labels.dtype.is_floating:
        raise ValueError(
            "The labels of a dataset must be one name or whole number for each text. "
            f"Received: {labels.dtype.name} of shape {labels.shape}."
        )
    message = f"Unknown label; the model has {_named(config)}."
    if labels.dtype == tf.string:
        names = tf.constant([config.id2label[index] for index in range(config.num_labels)])
        matches = tf.expand_dims(labels, 1) == tf.expand_dims(names, 0)  # [B, K]
        numbers, known = tf.argmax(matches, axis=1, output_type=tf.int32), tf.reduce_any(matches, axis=1)
    else:
        check_numbers_are_clear("y", config.label2id)
        numbers = tf.cast(labels, tf.int32)
        known = ((numbers >= 0) & (numbers < config.num_labels)) | (numbers == IGNORED_LABEL)
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(known), [message, labels])]):
        return tf.identity(numbers)


def is_regression(config: BertConfig) -> bool:
    """Whether the model answers with numbers rather than classes."""
    return problem_type_of(config) == "regression"


def _encode_several(labels: np.ndarray, config: BertConfig) -> np.ndarray:
    if labels.dtype != object:
        values = _as_floats(labels)
        if values.shape != (len(labels), config.num_labels) or not np.isin(values, (0, 1)).all():
            raise ValueError(
                f"`y` must hold 0 or 1 for each of the {config.num_labels} labels. Received: shape {values.shape}, "
                f"values from {values.min()} to {values.max()}."
            )
        return values
    encoded = np.zeros((len(labels), config.num_labels), np.float32)
    for row, names in enumerate(labels):
        for name in names if isinstance(names, list) else [names]:
            encoded[row, _class_number(name, row, config)] = 1.0
    return encoded


def _class_number(name: Any, row: int, config: BertConfig) -> int:
    if name not in config.label2id:
        raise ValueError(f"Unknown label {name!r} at row {row}; the model has {_named(config)}.")
    return config.label2id[name]


def _as_floats(labels: np.ndarray) -> np.ndarray:
    try:
        values = labels.astype(np.float32)
    except (ValueError, TypeError) as error:
        raise ValueError(f"`y` must hold numbers. Received: {labels[0]!r}.") from error
    if not np.isfinite(values).all():
        raise ValueError(f"`y` must hold finite numbers. Row {np.flatnonzero(~np.isfinite(values))[0]} is not.")
    return values


def _named(config: BertConfig, count: int = 20) -> str:
    names = list(config.label2id)
    return ", ".join(map(repr, names[:count])) + (", …" if len(names) > count else "")


def _names_several(row: Any) -> bool:
    """Whether it is a row of names, or of none; not a row of numbers."""
    return isinstance(row, list | tuple | set | np.ndarray) and (not len(row) or _holds_text(row))


def _holds_text(values: Iterable[Any]) -> bool:
    return any(isinstance(value, str | bytes) for value in values)


def _as_str(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
