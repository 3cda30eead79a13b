"""NumPy arrays as TensorProto and back, as `tf.make_tensor_proto` and `tf.make_ndarray` have it."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np

from tfbert.wire.messages import message

STRING = 7
# DataType by name: its number, NumPy's type, and the field that holds values where there is no `tensor_content`.
NUMBERS: dict[int, tuple[str, Any, str]] = {
    1: ("DT_FLOAT", np.float32, "float_val"),
    2: ("DT_DOUBLE", np.float64, "double_val"),
    3: ("DT_INT32", np.int32, "int_val"),
    4: ("DT_UINT8", np.uint8, "int_val"),
    5: ("DT_INT16", np.int16, "int_val"),
    6: ("DT_INT8", np.int8, "int_val"),
    9: ("DT_INT64", np.int64, "int64_val"),
    10: ("DT_BOOL", np.bool_, "bool_val"),
    14: ("DT_BFLOAT16", ml_dtypes.bfloat16, "half_val"),
    17: ("DT_UINT16", np.uint16, "int_val"),
    19: ("DT_HALF", np.float16, "half_val"),
    22: ("DT_UINT32", np.uint32, "uint32_val"),
    23: ("DT_UINT64", np.uint64, "uint64_val"),
}
TYPE_OF = {np.dtype(dtype): number for number, (_, dtype, _) in NUMBERS.items()}
NAME_OF = {STRING: "DT_STRING"} | {number: name for number, (name, _, _) in NUMBERS.items()}
MOST_AXES = 32
MOST_REPEATS = 2**20  # of a last value: a message of few bytes must not ask for gigabytes


class TensorError(ValueError):
    """A tensor in a message does not hold what it says."""


def to_tensor_proto(array: np.ndarray, proto: Any = None) -> Any:
    r"""Write an array into a TensorProto.

    Args:
        array: A NumPy array of numbers, of bool, or of str or bytes (dtype object, "U" or "S").
        proto: TensorProto to write into; by default a new one.

    Returns:
        The TensorProto: strings as `string_val`, all else as `tensor_content`.

    Raises:
        TypeError: If its type has no place in a TensorProto.

    Example:
        >>> to_tensor_proto(np.array(["a", "é"], object)).string_val
        [b'a', b'\xc3\xa9']
    """
    proto = message("tensorflow.TensorProto")() if proto is None else proto
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    proto.tensor_shape.SetInParent()
    if array.dtype.kind in "OUS":
        proto.dtype = STRING
        proto.string_val.extend(_as_bytes(value) for value in array.reshape(-1).tolist())
    elif array.dtype in TYPE_OF:
        proto.dtype = TYPE_OF[array.dtype]
        proto.tensor_content = np.ascontiguousarray(array).tobytes()
    else:
        raise TypeError(f"An array of {array.dtype} has no place in a TensorProto.")
    return proto


def from_tensor_proto(proto: Any) -> np.ndarray:
    """Read a TensorProto of any client: `tensor_content`, or values, of which a missing rest repeats the last.

    Args:
        proto: TensorProto.

    Returns:
        A NumPy array; strings are bytes, dtype object.

    Raises:
        TensorError: If type, shape and values do not go together.
    """
    if proto.tensor_shape.unknown_rank or any(dim.size < 0 for dim in proto.tensor_shape.dim):
        raise TensorError("A tensor's shape must have no unknown part.")
    shape = [dim.size for dim in proto.tensor_shape.dim]
    count = math.prod(shape)
    if len(shape) > MOST_AXES:
        raise TensorError(f"A tensor has at most {MOST_AXES} axes. Received: {len(shape)}.")
    if proto.dtype == STRING:
        if proto.tensor_content:
            raise TensorError("A tensor of strings holds them in `string_val`, not in `tensor_content`.")
        return _shaped(_strings(list(proto.string_val), count), shape)
    if proto.dtype not in NUMBERS:
        raise TensorError(f"Tensors of type {proto.dtype} are not taken.")
    name, dtype, field = NUMBERS[proto.dtype]
    if proto.tensor_content:
        if len(proto.tensor_content) != count * np.dtype(dtype).itemsize:
            raise TensorError(
                f"A {name} tensor of shape {shape} takes {count * np.dtype(dtype).itemsize} bytes of `tensor_content`. "
                f"Received: {len(proto.tensor_content)}."
            )
        return _shaped(np.frombuffer(proto.tensor_content, dtype), shape)
    values = list(getattr(proto, field))
    _check_count(len(values), count)
    try:
        found = np.array(values, np.uint16).view(dtype) if field == "half_val" else np.array(values, dtype)
    except OverflowError as error:
        raise TensorError(f"A value of a {name} tensor does not fit: {error}.") from error
    return _shaped(_filled(found, count), shape)


def _shaped(values: np.ndarray, shape: list[int]) -> np.ndarray:
    try:
        return values.reshape(shape)
    except ValueError as error:  # of no values, beside an axis that is too long
        raise TensorError(f"A tensor of shape {shape} is too large.") from error


def _strings(values: list[bytes], count: int) -> np.ndarray:
    _check_count(len(values), count)
    array = np.empty(len(values), object)
    array[:] = values
    return _filled(array, count)


def _check_count(found: int, count: int) -> None:
    if found > count or (count and not found):
        raise TensorError(f"A tensor of {count} values holds {found}.")
    if count - found > MOST_REPEATS:
        raise TensorError(f"A tensor of {count} values must not leave out more than {MOST_REPEATS}. It holds {found}.")


def _filled(values: np.ndarray, count: int) -> np.ndarray:
    """Values of which the last stands for all that are missing."""
    return values if len(values) == count else np.concatenate([values, np.repeat(values[-1:], count - len(values))])


def _as_bytes(value: Any) -> bytes:
    return value.encode("utf-8") if isinstance(value, str) else value
