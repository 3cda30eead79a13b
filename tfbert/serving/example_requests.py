"""Classify and regress: rows of tf.Example in, classes with scores or numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfbert.serving.models.served_signature import ServedSignature
from tfbert.wire.messages import message
from tfbert.wire.status import ServingError, Status

INPUTS, CLASSES, SCORES, OUTPUTS = "inputs", "classes", "scores", "outputs"


def examples_of(given: Any) -> np.ndarray:
    """Return the rows of an Input, serialized.

    Args:
        given: `message("Input")`: a list of examples, or one with a context that all of them share.

    Returns:
        An array of bytes [B].

    Raises:
        ServingError: INVALID_ARGUMENT if there are none.
    """
    if given.WhichOneof("kind") == "example_list_with_context":
        listed = given.example_list_with_context
        examples = [_joined(listed.context, example) for example in listed.examples]
    else:
        examples = list(given.example_list.examples)
    if not examples:
        raise ServingError(Status.INVALID_ARGUMENT, "Input is empty: send at least one example.")
    rows = np.empty(len(examples), object)
    rows[:] = [example.SerializeToString() for example in examples]
    return rows


def _joined(context: Any, example: Any) -> Any:
    """An example with the features of the context that it lacks."""
    both = message("tensorflow.Example")()
    both.CopyFrom(context)
    for name, feature in example.features.feature.items():
        both.features.feature[name].CopyFrom(feature)
    return both


def check_takes_examples(signature: ServedSignature, outputs: tuple[str, ...]) -> None:
    """Refuse a signature that is not asked with examples.

    Args:
        signature: `ServedSignature`.
        outputs: tuple of str. One of these it must return.

    Raises:
        ServingError: INVALID_ARGUMENT.
    """
    takes = set(signature.inputs) == {INPUTS} and signature.inputs[INPUTS].is_string
    if not takes or not set(outputs) & set(signature.outputs):
        raise ServingError(
            Status.INVALID_ARGUMENT,
            f"Signature {signature.name!r} takes {sorted(signature.inputs)} and returns {sorted(signature.outputs)}. "
            f"This request needs one that takes {INPUTS!r}, serialized examples, and returns {' or '.join(outputs)}.",
        )


def classes_of(outputs: Mapping[str, np.ndarray], rows: int) -> list[list[tuple[str, float]]]:
    """Return the classes of each row with their scores, "" and 0.0 where the model does not say.

    Raises:
        ServingError: FAILED_PRECONDITION if the answer has another shape than [B, K].
    """
    found = {name: outputs[name] for name in (CLASSES, SCORES) if name in outputs}
    shapes = {array.shape for array in found.values()}
    if len(shapes) != 1 or any(len(shape) != 2 or shape[0] != rows for shape in shapes):
        raise ServingError(Status.FAILED_PRECONDITION, "The model's classes and scores must have the shape [B, K].")
    (shape,) = shapes
    labels = found.get(CLASSES, np.full(shape, b"", object)).tolist()
    scores = found.get(SCORES, np.zeros(shape, np.float32)).tolist()
    return [
        [(_text(label), score) for label, score in zip(row_labels, row_scores)]
        for row_labels, row_scores in zip(labels, scores)
    ]


def numbers_of(outputs: Mapping[str, np.ndarray], rows: int) -> list[float]:
    """Return the number of each row.

    Raises:
        ServingError: FAILED_PRECONDITION if the answer has another shape than [B] or [B, 1].
    """
    array = outputs[OUTPUTS]
    if array.shape not in ((rows,), (rows, 1)):
        raise ServingError(Status.FAILED_PRECONDITION, "The model's outputs must have the shape [B] or [B, 1].")
    return array.reshape(-1).tolist()


def _text(label: bytes | str) -> str:
    return label.decode("utf-8", "replace") if isinstance(label, bytes) else label
