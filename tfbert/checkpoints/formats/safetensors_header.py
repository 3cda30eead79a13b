"""The header of a safetensors file: what lies where, every claim checked against the file."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import reprlib
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import ml_dtypes  # noqa: F401  # NumPy learns bfloat16 from it
import numpy as np

from tfbert.checkpoints.formats.file_values import is_count, is_shape

# The format's names of NumPy's types.
DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "F16": "float16",
    "BF16": "bfloat16",
    "U32": "uint32",
    "I32": "int32",
    "F32": "float32",
    "U64": "uint64",
    "I64": "int64",
    "F64": "float64",
}
LONGEST_HEADER = 100_000_000  # bytes; the format's own limit
METADATA = "__metadata__"


@dataclasses.dataclass(frozen=True)
class TensorEntry:
    """Where one tensor lies.

    Args:
        dtype: np.dtype.
        shape: tuple of int.
        start: int. First byte, from the file's start.
        end: int. The byte after the last one.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    start: int
    end: int


def read_header(path: str | PathLike) -> tuple[dict[str, str], dict[str, TensorEntry]]:
    """Read a file's header and check it against the file.

    Args:
        path: Path of the file.

    Returns:
        The metadata, and a dict from name to `TensorEntry`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is truncated or corrupt; the message names the tensor.

    Source:
        https://huggingface.co/docs/safetensors#format
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No weight file at {str(path)!r}.")
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            header, start = _json_header(file, size)
        metadata = header.pop(METADATA, {})
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            raise ValueError(f"{METADATA} must map text to text, received {reprlib.repr(metadata)}")
        entries = {name: _entry(name, fields, start, size) for name, fields in header.items()}
        _check_that_tensors_fill(entries, start, size)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{str(path)!r} ({size} bytes) is truncated or no safetensors file: {error}. Fetch the checkpoint again."
        ) from error
    return metadata, entries


def _json_header(file: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """Return the header's object and the byte at which the tensors begin."""
    if size < 8:
        raise ValueError("it is shorter than the 8 bytes that give its header's length")
    length = int.from_bytes(file.read(8), "little")
    if length > min(size - 8, LONGEST_HEADER):
        raise ValueError(f"its header claims {length} bytes; at most {min(size - 8, LONGEST_HEADER)} are possible")
    header = json.loads(file.read(length).decode("utf-8"), object_pairs_hook=_without_doubles)
    if not isinstance(header, dict):
        raise ValueError(f"its header must be a JSON object, received a {type(header).__name__}")
    return header, 8 + length


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise ValueError(f"its header has {reprlib.repr(key)} twice")
        fields[key] = value
    return fields


def _entry(name: str, fields: Any, data_start: int, size: int) -> TensorEntry:
    if not isinstance(fields, dict) or not {"dtype", "shape", "data_offsets"} <= fields.keys():
        raise ValueError(f"tensor {name!r} must have dtype, shape and data_offsets, received {reprlib.repr(fields)}")
    kind, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(kind, str) or kind not in DTYPES:
        raise ValueError(f"tensor {name!r} has the dtype {reprlib.repr(kind)}, expected one of {', '.join(DTYPES)}")
    if not is_shape(shape):
        raise ValueError(f"tensor {name!r} must have a list of lengths as shape, received {reprlib.repr(shape)}")
    if not isinstance(offsets, list) or [*map(is_count, offsets)] != [True, True] or offsets[0] > offsets[1]:
        raise ValueError(f"tensor {name!r} must have two rising data_offsets, received {reprlib.repr(offsets)}")
    dtype = np.dtype(DTYPES[kind])
    start, end = (data_start + offset for offset in offsets)
    if end > size:
        raise ValueError(f"tensor {name!r} ends at byte {end}, the file at {size}")
    if end - start != math.prod(shape) * dtype.itemsize:
        raise ValueError(
            f"tensor {name!r} has {end - start} bytes, expected {math.prod(shape) * dtype.itemsize} "
            f"for {kind} {reprlib.repr(shape)}"
        )
    return TensorEntry(dtype, tuple(shape), start, end)


def _check_that_tensors_fill(entries: dict[str, TensorEntry], start: int, size: int) -> None:
    """Refuse overlaps, holes and bytes that belong to no tensor."""
    ordered = sorted(entries.items(), key=lambda item: (item[1].start, item[1].end))
    for (before, first), (name, second) in itertools.pairwise(ordered):
        if second.start != first.end:
            fault = "overlaps" if second.start < first.end else "leaves a hole after"
            raise ValueError(f"tensor {name!r} {fault} tensor {before!r}")
    begin, end = (ordered[0][1].start, ordered[-1][1].end) if ordered else (start, start)
    if (begin, end) != (start, size):
        raise ValueError(f"its tensors fill the bytes {begin} to {end}, expected {start} to {size}")
