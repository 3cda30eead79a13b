"""Arrays as JSON of TF Serving's REST API."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfbert.wire.json_tensors import B64, JsonError

BYTES_SUFFIX = "_bytes"  # of outputs that are no text


def predict_answer(outputs: Mapping[str, np.ndarray], is_rows: bool) -> dict[str, Any]:
    """Return the JSON answer to a predict request.

    Args:
        outputs: dict of arrays. Strings are UTF-8 bytes or str; outputs whose names end in "_bytes" any bytes.
        is_rows: bool. Whether the request was in row form.

    Returns:
        A dict: `{"predictions": [...]}` for rows, `{"outputs": ...}` for columns; bare values where there is one
        output, objects where there are several.

    Raises:
        JsonError: If a string is not UTF-8, or outputs in row form have different numbers of rows.

    Example:
        >>> predict_answer({"score": np.array([0.5, 0.25])}, True)
        {'predictions': [0.5, 0.25]}
    """
    if is_rows:
        check_rows(outputs)
    lists = {name: json_values(name, outputs[name]) for name in sorted(outputs)}
    if not is_rows:
        return {"outputs": lists if len(lists) != 1 else next(iter(lists.values()))}
    if len(lists) == 1:
        return {"predictions": next(iter(lists.values()))}
    return {"predictions": [dict(zip(lists, row)) for row in zip(*lists.values())]}


def check_rows(outputs: Mapping[str, np.ndarray]) -> None:
    """Refuse outputs that cannot be answered in row form.

    Raises:
        JsonError: If they have no rows, or different numbers of them.
    """
    if len({array.shape[:1] for array in outputs.values()}) > 1:
        raise JsonError('The outputs have different numbers of rows: ask in column form, {"inputs": ...}.')
    if any(array.ndim == 0 for array in outputs.values()):
        raise JsonError('The outputs have no rows: ask in column form, {"inputs": ...}.')


def json_values(name: str, array: np.ndarray) -> Any:
    """Return an array as JSON has it: nested lists of numbers, bools or strings."""
    if array.dtype.kind not in "OSU":
        return array.tolist() if array.dtype.kind in "biu" or array.dtype.itemsize > 2 else array.astype(float).tolist()
    encode = _as_b64 if name.endswith(BYTES_SUFFIX) else _as_text
    try:
        flat = [encode(value) for value in array.reshape(-1).tolist()]
    except UnicodeDecodeError as error:
        raise JsonError(f"Output {name!r} holds bytes that are no UTF-8: ask by gRPC.") from error
    if array.ndim == 1:
        return flat
    nested = np.empty(len(flat), object)
    nested[:] = flat
    return nested.reshape(array.shape).tolist()


def _as_text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8")


def _as_b64(value: bytes | str) -> dict[str, str]:
    return {B64: base64.b64encode(value.encode() if isinstance(value, str) else value).decode("ascii")}
