"""Losses as PyTorch's BERT defines them, made of Keras' own."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.config import BertConfig

IGNORED_LABEL = -100


def cross_entropy() -> keras.losses.Loss:
    """Return softmax cross-entropy over class numbers: the mean over those that are not -100, 0 where all are."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED_LABEL, name="loss")


@keras.saving.register_keras_serializable(package="tfbert")
class NextTokenLoss(keras.losses.Loss):
    """Cross-entropy of each position's logits with the label of the next one.

    Calling it takes labels int [B, S] and logits [B, S, V]; labels of -100 do not count.

    Source: `BertLMHeadModel` of Hugging Face transformers.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None and len(sample_weight.shape) == 2 and sample_weight.shape[1] != 1:
            sample_weight = sample_weight[:, 1:]  # a weight belongs to its label
        return cross_entropy()(y_true[:, 1:], y_pred[:, :-1], sample_weight)

    def counted(self, y_true, y_pred):
        """Return how many labels the loss is the mean of."""
        return counted_labels(y_true[:, 1:])


@keras.saving.register_keras_serializable(package="tfbert")
class SpanLoss(keras.losses.Loss):
    """Cross-entropy over positions; those beyond the input do not count, negative ones are taken for 0.

    Calling it takes positions int [B] or [B, 1] and logits [B, S].

    Source: `BertForQuestionAnswering` of Hugging Face transformers.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        return cross_entropy()(_positions_inside(y_true, y_pred), tf.convert_to_tensor(y_pred), sample_weight)

    def counted(self, y_true, y_pred):
        """Return how many positions the loss is the mean of."""
        return counted_labels(_positions_inside(y_true, y_pred))


def _positions_inside(positions: Any, logits: Any) -> tf.Tensor:
    """Positions int32 [B], those beyond logits [B, S] as labels that do not count."""
    positions = tf.maximum(tf.cast(tf.reshape(positions, [-1]), tf.int32), 0)
    return tf.where(positions < tf.shape(logits)[1], positions, IGNORED_LABEL)


def counted_labels(labels: Any, outputs: Any = None) -> tf.Tensor:
    """Return of how many labels a loss is the mean, int32: of all numbers, and of class numbers other than -100."""
    labels = tf.convert_to_tensor(labels)
    if labels.dtype.is_floating:
        return tf.size(labels)
    return tf.math.count_nonzero(labels != IGNORED_LABEL, dtype=tf.int32)


def problem_type_of(config: BertConfig, labels: Any = None) -> str:
    """Return what a classifier answers: the config's `problem_type`, or what follows from labels.

    Where the config names none, one label means regression; more than one means multi-label classification for
    floating-point labels and single-label classification for integers.

    Args:
        config: `BertConfig`.
        labels: Tensor or None.

    Returns:
        str: "regression", "single_label_classification" or "multi_label_classification".

    Source: `BertForSequenceClassification` of Hugging Face transformers.
    """
    if config.problem_type is not None:
        return config.problem_type
    if config.num_labels == 1:
        return "regression"
    if labels is not None and tf.as_dtype(labels.dtype).is_floating and len(labels.shape) == 2:
        return "multi_label_classification"
    return "single_label_classification"


def sequence_classification_loss(config: BertConfig, labels: Any = None) -> keras.losses.Loss:
    """Return the loss of a sequence classifier.

    Args:
        config: `BertConfig`.
        labels: Tensor or None. Decides where the config does not; see `problem_type_of`.

    Returns:
        A Keras loss of (labels, logits): mean squared error; sparse softmax cross-entropy without the labels -100;
        or sigmoid cross-entropy.

    Source: `BertForSequenceClassification` of Hugging Face transformers.
    """
    problem_type = problem_type_of(config, labels)
    if problem_type == "regression":
        return keras.losses.MeanSquaredError(name="loss")
    if problem_type == "multi_label_classification":
        return keras.losses.BinaryCrossentropy(from_logits=True, name="loss")
    return cross_entropy()


def check_class_labels(name: str, labels: Any, expected: tuple[int | None, ...]) -> None:
    """Refuse class numbers whose shape would broadcast into a wrong loss.

    Args:
        name: str. The argument, for messages.
        labels: Tensor.
        expected: tuple of int or None. The shape; one row of a single label may also be [B, 1].

    Raises:
        ValueError: If the shape is another.
        TypeError: If the labels are no integers.
    """
    shape = tuple(labels.shape)
    if len(expected) == 1 and len(shape) == 2 and shape[1] in (1, None):
        shape = shape[:1]
    same = len(shape) == len(expected) and all(None in pair or len(set(pair)) == 1 for pair in zip(shape, expected))
    if not same:
        raise ValueError(f"`{name}` must have the shape {expected}. Received: {tuple(labels.shape)}.")
    if not tf.as_dtype(labels.dtype).is_integer:
        raise TypeError(f"`{name}` must hold class numbers, integers. Received: {tf.as_dtype(labels.dtype).name}.")


def check_labels(config: BertConfig, labels: Any, rows: int | None) -> None:
    """Refuse labels whose shape would broadcast into a wrong loss.

    Args:
        config: `BertConfig`.
        labels: Tensor.
        rows: int or None. Rows of the inputs, where that is static.

    Raises:
        ValueError: If the shape does not belong to the problem type.
    """
    problem_type, count = problem_type_of(config, labels), config.num_labels
    shape = tuple(labels.shape)
    one_each = problem_type == "single_label_classification" or (problem_type == "regression" and count == 1)
    fits = (
        len(shape) == 1 or (len(shape) == 2 and shape[1] in (1, None))
        if one_each
        else len(shape) == 2 and (shape[1] in (count, None))
    )
    if not fits or (rows is not None and shape[0] is not None and shape[0] != rows):
        expected = "[B]" if one_each else f"[B, {count}]"
        batch = "" if rows is None else f" with B = {rows}"
        raise ValueError(
            f"`labels` for {problem_type} with num_labels={count} must have the shape {expected}{batch}. "
            f"Received: {shape}."
        )
