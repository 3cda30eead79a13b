"""JSON of TF Serving's REST API as arrays."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfbert.wire.tensor_proto import MOST_AXES
from tfbert.wire.tensor_spec import TensorSpec

ROWS, COLUMNS = "instances", "inputs"
B64 = "b64"
MOST_PARTS = 2**20  # lists and objects of a body, which take far more memory than bytes


class JsonError(ValueError):
    """A body that does not hold what it should; the message names the place, and no text of the user."""


def read_json_object(body: bytes) -> dict[str, Any]:
    """Read a body that must be a JSON object.

    Args:
        body: bytes. UTF-8. NaN and Infinity stand as they are, as in TF Serving.

    Returns:
        A dict.

    Raises:
        JsonError: If it is none, nests too deeply, holds too many lists, or has a key twice.

    Example:
        >>> read_json_object(b'{"instances": ["good"]}')
        {'instances': ['good']}
    """
    if len(body) > MOST_PARTS and body.count(b"[") + body.count(b"{") > MOST_PARTS:
        raise JsonError(f"The body opens more than {MOST_PARTS} lists and objects. Send the rows in several requests.")
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_without_doubles)
    except UnicodeDecodeError as error:
        raise JsonError(f"The body is not UTF-8: byte {error.start} is wrong.") from error
    except json.JSONDecodeError as error:
        raise JsonError(f"The body is no JSON: {error.msg}, at character {error.pos}.") from error
    except RecursionError as error:
        raise JsonError("The body nests too deeply.") from error
    except ValueError as error:  # a number of thousands of digits, or a key that stands twice
        raise error if isinstance(error, JsonError) else JsonError("The body holds too long a number.") from error
    if not isinstance(document, dict):
        raise JsonError('The body must be a JSON object, {"instances": [...]}.')
    return document


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise JsonError("The body has an object with the same key twice.")
    return found


def columns_of_request(document: Mapping[str, Any]) -> tuple[Any, bool]:
    """Return what a predict request asks about, and whether it is in row form.

    Args:
        document: dict. `{"instances": [...]}` or `{"inputs": ...}`, and perhaps `signature_name`; other keys are passed
            over, as in TF Serving.

    Returns:
        A tuple of the value of either key, and True for "instances".

    Raises:
        JsonError: If both are there, or neither.
    """
    if (ROWS in document) == (COLUMNS in document):
        raise JsonError(
            'The body takes either "instances" or "inputs", and perhaps "signature_name". '
            f"Received: {_short(sorted(document))}."
        )
    if ROWS not in document:
        return document[COLUMNS], False
    if not isinstance(document[ROWS], list) or not document[ROWS]:
        raise JsonError('"instances" must be a list of at least one row.')
    return document[ROWS], True


def read_tensors(given: Any, is_rows: bool, specs: Mapping[str, TensorSpec]) -> dict[str, np.ndarray]:
    """Return the inputs of a signature from JSON.

    Args:
        given: Rows, a list of bare values or of objects; or columns, an object or the one input's value.
        is_rows: bool. Whether `given` are rows.
        specs: dict of `TensorSpec` by name. The signature's inputs.

    Returns:
        A dict of arrays; strings are bytes, dtype object.

    Raises:
        JsonError: If names, types or shapes are wrong.

    Example:
        >>> read_tensors(["good", "bad"], True, {"text": TensorSpec(7, (None,))})
        {'text': array([b'good', b'bad'], dtype=object)}
    """
    columns = (_columns_of_rows if is_rows else _named_columns)(given, specs)
    return {name: _array(name, value, specs[name]) for name, value in columns.items()}


def _columns_of_rows(rows: list[Any], specs: Mapping[str, TensorSpec]) -> dict[str, Any]:
    if _is_object(rows[0]):
        for place, row in enumerate(rows):
            if not _is_object(row):
                raise JsonError(f'Row {place} of "instances" is no object, as the first is.')
            _check_names(row, specs, f'row {place} of "instances"')
        return {name: [row[name] for row in rows] for name in specs}
    if len(specs) != 1:
        raise JsonError(f'Each row of "instances" must be an object with {sorted(specs)}.')
    if not isinstance(rows[0], str) and any(map(_is_object, rows)):
        raise JsonError('Rows of "instances" must be all objects, or none.')
    return {next(iter(specs)): rows}


def _named_columns(value: Any, specs: Mapping[str, TensorSpec]) -> dict[str, Any]:
    if _is_object(value):
        _check_names(value, specs, '"inputs"')
        return value
    if len(specs) != 1:
        raise JsonError(f'"inputs" must be an object with {sorted(specs)}.')
    return {next(iter(specs)): value}


def _check_names(found: Mapping[str, Any], specs: Mapping[str, TensorSpec], place: str) -> None:
    if found.keys() != specs.keys():
        raise JsonError(f"The signature takes {sorted(specs)}. Received in {place}: {_short(sorted(found))}.")


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() != {B64}


def _array(name: str, value: Any, spec: TensorSpec) -> np.ndarray:
    values, shape = _flat(name, value)
    try:
        flat = _strings(values) if spec.is_string else _numbers(values, spec.numpy_dtype)
    except _BadValue as error:
        place = _place(error.index, shape)
        raise JsonError(f"Input {name!r} takes {spec}. At {place}: {error}.") from error
    return flat.reshape(shape)


def _flat(name: str, value: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The values of nested lists in order, and their shape."""
    values: list[Any] = [value]
    shape: tuple[int, ...] = ()
    while values and isinstance(values[0], list):
        size = len(values[0])
        if any(not isinstance(part, list) or len(part) != size for part in values):
            raise JsonError(f"Input {name!r} has lists of different lengths at depth {len(shape) + 1}.")
        if len(shape) == MOST_AXES:
            raise JsonError(f"Input {name!r} nests more than {MOST_AXES} lists.")
        values, shape = [entry for part in values for entry in part], (*shape, size)
    if any(isinstance(entry, list) for entry in values):
        raise JsonError(f"Input {name!r} has lists of different depths.")
    return values, shape


class _BadValue(Exception):
    def __init__(self, index: int, message: str):
        super().__init__(message)
        self.index = index


def _strings(values: list[Any]) -> np.ndarray:
    array = np.empty(len(values), object)
    for index, value in enumerate(values):
        if isinstance(value, str):
            try:
                array[index] = value.encode("utf-8")
            except UnicodeEncodeError as error:
                raise _BadValue(index, "half of a surrogate pair is no character") from error
        else:
            array[index] = _decoded(index, value)
    return array


def _decoded(index: int, value: Any) -> bytes:
    if not isinstance(value, dict) or value.keys() != {B64}:
        raise _BadValue(index, f'a string or {{"b64": "..."}} must stand here, not {_kind(value)}')
    try:
        return decode_b64(value[B64])
    except JsonError as error:
        raise _BadValue(index, str(error)) from error


def decode_b64(text: Any) -> bytes:
    """Return the bytes that stand under "b64".

    Raises:
        JsonError: If it is no base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError) as error:
        raise JsonError('what stands under "b64" is no base64') from error


def _numbers(values: list[Any], dtype: np.dtype) -> np.ndarray:
    allowed = {"b": (bool,), "i": (int,), "u": (int,)}.get(dtype.kind, (int, float))
    for index, value in enumerate(values):
        if not isinstance(value, allowed) or (isinstance(value, bool) and dtype.kind != "b"):
            raise _BadValue(index, f"{_kind(value)} must not stand here")
    if dtype.kind in "iu" and values:
        limits = np.iinfo(dtype)
        for index, value in enumerate(values):
            if not limits.min <= value <= limits.max:
                raise _BadValue(index, f"numbers go from {limits.min} to {limits.max}")
    try:
        with np.errstate(over="ignore"):
            return np.array(values, dtype)
    except OverflowError as error:
        raise _BadValue(0, "a number is too large") from error


def _kind(value: Any) -> str:
    kinds = {str: "a string", bool: "a bool", int: "a number", float: "a number with a fraction", dict: "an object"}
    return "null" if value is None else kinds.get(type(value), type(value).__name__)


def _place(index: int, shape: tuple[int, ...]) -> str:
    return str([int(place) for place in np.unravel_index(index, shape)]) if shape else "its one value"


def _short(names: list[str]) -> str:
    """Names that a client sent; what could be a text is not repeated."""
    return str([name if len(name) <= 40 and name.isidentifier() else "…" for name in names[:8]])
