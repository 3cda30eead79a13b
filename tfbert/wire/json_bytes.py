"""Large answers as bytes of JSON, in small steps, so that other threads have their turn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import numpy as np

from tfbert.wire.json_answers import check_rows, json_values

STEP = 4096  # entries that are written at once


def predict_bytes(outputs: Mapping[str, np.ndarray], is_rows: bool) -> bytes:
    """Return what `predict_answer` returns, as bytes of JSON.

    Args:
        outputs: dict of arrays.
        is_rows: bool. Whether the request was in row form.

    Returns:
        bytes.

    Raises:
        JsonError: As `predict_answer`.

    Example:
        >>> predict_bytes({"score": np.array([0.5, 0.25])}, True)
        b'{"predictions": [0.5, 0.25]}'
    """
    names = sorted(outputs)
    if is_rows:
        check_rows(outputs)
    if len(names) == 1:
        parts = _parts(names[0], outputs[names[0]])
    elif is_rows:
        count = len(outputs[names[0]])
        parts = _listed(_object({name: outputs[name][row] for name in names}) for row in range(count))
    else:
        parts = _object({name: outputs[name] for name in names})
    head = b'{"predictions": ' if is_rows else b'{"outputs": '
    return b"".join((head, *parts, b"}"))


def _object(arrays: Mapping[str, np.ndarray]) -> Iterator[bytes]:
    for place, (name, array) in enumerate(arrays.items()):
        yield b"%s%s: " % (b", " if place else b"{", _dumped(name))
        yield from _parts(name, np.asarray(array, object) if isinstance(array, bytes | str) else array)
    yield b"}"


def _parts(name: str, array: np.ndarray) -> Iterator[bytes]:
    if array.size <= STEP or array.ndim == 0:
        yield _dumped(json_values(name, array))
    elif array.ndim > 1:
        yield from _listed(_parts(name, row) for row in array)
    else:
        for start in range(0, len(array), STEP):
            part = _dumped(json_values(name, array[start : start + STEP]))
            yield (b", " if start else b"[") + part[1:-1]
        yield b"]"


def _listed(values: Iterator[Iterator[bytes]]) -> Iterator[bytes]:
    for place, value in enumerate(values):
        yield b", " if place else b"["
        yield from value
    yield b"]"


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8")
