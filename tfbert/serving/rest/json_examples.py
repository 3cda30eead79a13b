"""Examples of a classify or regress request in JSON, as `tf.Example`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfbert.wire.json_tensors import B64, JsonError, decode_b64
from tfbert.wire.messages import message

LEAST, MOST = -(2**63), 2**63 - 1


def read_examples(document: Mapping[str, Any]) -> Any:
    """Return what a classify or regress request asks about.

    Args:
        document: dict. `{"examples": [{"text": "good"}, ...]}`, and perhaps `context`, features that all share, and
            `signature_name`.

    Returns:
        `message("Input")`.

    Raises:
        JsonError: If it is none.
    """
    unknown = set(document) - {"examples", "context", "signature_name"}
    examples, context = document.get("examples"), document.get("context")
    if unknown or not isinstance(examples, list) or not examples:
        raise JsonError('The body takes "examples", a list of at least one object, "context" and "signature_name".')
    given = message("Input")()
    if context is not None:
        _read(context, given.example_list_with_context.context, '"context"')
    added = given.example_list.examples if context is None else given.example_list_with_context.examples
    for row, example in enumerate(examples):
        _read(example, added.add(), f"example {row}")
    return given


def _read(given: Any, example: Any, place: str) -> None:
    if not isinstance(given, dict):
        raise JsonError(f"{place} must be an object of features.")
    for name, value in given.items():
        try:
            _fill(example.features.feature[name], value if isinstance(value, list) else [value])
        except (TypeError, ValueError, UnicodeEncodeError) as error:
            raise JsonError(
                f"A feature of {place} must be a string, a number, or a list of either, all of one kind."
            ) from error


def _fill(feature: Any, values: list[Any]) -> None:
    kinds = {type(value) for value in values}
    if kinds <= {str, dict}:
        feature.bytes_list.value.extend(_bytes_of(value) for value in values)
    elif kinds == {int}:
        if not all(LEAST <= value <= MOST for value in values):
            raise ValueError("Too large.")
        feature.int64_list.value.extend(values)
    elif kinds <= {int, float}:
        feature.float_list.value.extend(map(float, values))
    else:
        raise TypeError("No feature.")


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, dict):
        if value.keys() != {B64}:
            raise TypeError("No feature.")
        return decode_b64(value[B64])
    return value.encode("utf-8")
