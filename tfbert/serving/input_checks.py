"""InputChecks: whether inputs fit a signature, and the limits of a request."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from tfbert.serving.models.served_signature import ServedSignature
from tfbert.serving.server_options import ServerOptions
from tfbert.wire.status import ServingError, Status
from tfbert.wire.tensor_spec import TensorSpec

POSITIONS = 512  # of a row of ids that count as much as a text
MOST_POSITIONS = 16 * POSITIONS


class InputChecks:
    """The limits of a server.

    Args:
        options: `ServerOptions`.
    """

    def __init__(self, options: ServerOptions):
        self._options = options

    def check_sizes(self, signature: ServedSignature, shapes: Mapping[str, Iterable[int]]) -> None:
        """Refuse what need not be decoded: other inputs than the signature's, or too large ones.

        Args:
            signature: `ServedSignature`.
            shapes: dict by name.

        Raises:
            ServingError: INVALID_ARGUMENT.
        """
        _check_names(signature, shapes)
        for name, spec in signature.inputs.items():
            self._check_size(name, spec, tuple(shapes[name]))

    def checked(self, signature: ServedSignature, inputs: Mapping[str, np.ndarray]) -> tuple[int, int]:
        """Refuse inputs that do not fit.

        Args:
            signature: `ServedSignature`.
            inputs: dict of arrays, strings as bytes.

        Returns:
            A tuple of the number of rows, and what a row counts for: its texts, or its positions by 512.

        Raises:
            ServingError: INVALID_ARGUMENT.
        """
        _check_names(signature, inputs)
        sizes, each = set(), 1
        for name, spec in signature.inputs.items():
            array = inputs[name]
            if array.dtype != spec.numpy_dtype or not spec.takes(array.shape):
                raise refused(f"Input {name!r} must be {spec}. Received: {_kind(array)} {list(array.shape)}.")
            sizes.add(array.shape[0] if array.ndim else 1)
            if array.ndim > 1:
                self._check_size(name, spec, array.shape)
                each = max(each, _count(spec, array.shape))
        rows = max(sizes, default=1)
        if signature.is_batch_major and len(sizes) != 1:
            raise refused(f"Inputs must have the same number of rows. Received: {sorted(sizes)}.")
        if not 0 < rows <= self._options.max_rows:
            raise refused(f"A request must have 1 to {self._options.max_rows} rows. Received: {rows}.")
        for name, spec in signature.inputs.items():
            if spec.is_string:
                self._check_texts(name, inputs[name])
        return rows, each

    def _check_size(self, name: str, spec: TensorSpec, shape: tuple[int, ...]) -> None:
        most, rows = self._options.max_rows, math.prod(shape[:1])
        if rows > most:
            raise refused(f"A request must have 1 to {most} rows. Received: {rows}.")
        if spec.is_string and math.prod(shape) > most:
            raise refused(
                f"Input {name!r} must have at most {most} texts. Received: {math.prod(shape)}. "
                "Send the rows in several requests."
            )
        if spec.numpy_dtype.kind == "i":
            positions = math.prod(shape[1:])
            if positions > MOST_POSITIONS or rows * _count(spec, shape) > max(most, MOST_POSITIONS // POSITIONS):
                raise refused(
                    f"Input {name!r} must have at most {MOST_POSITIONS} entries a row, and {most} rows of {POSITIONS}. "
                    f"Received: {list(shape)}."
                )

    def _check_texts(self, name: str, array: np.ndarray) -> None:
        most = self._options.max_text_bytes
        for index, text in enumerate(array.reshape(-1).tolist()):
            if len(text) > most:
                row = np.unravel_index(index, array.shape)[0] if array.ndim else 0
                raise refused(
                    f"Input {name!r}, row {row}: a text must have at most {most} bytes. Received: {len(text)}. "
                    "Shorten it, or start the server with a larger --max-text-bytes."
                )


def refused(text: str) -> ServingError:
    """Return the error that says what is wrong with a request."""
    return ServingError(Status.INVALID_ARGUMENT, text)


def _check_names(signature: ServedSignature, given: Mapping[str, object]) -> None:
    if given.keys() != signature.inputs.keys():
        raise refused(f"Signature {signature.name!r} takes {sorted(signature.inputs)}, exactly these inputs.")


def _count(spec: TensorSpec, shape: tuple[int, ...]) -> int:
    """What a row of an input counts for."""
    entries = math.prod(shape[1:])
    if spec.is_string:
        return max(1, entries)
    return max(1, math.ceil(entries / POSITIONS)) if spec.numpy_dtype.kind == "i" else 1


def _kind(array: np.ndarray) -> str:
    return "strings" if array.dtype == object else str(array.dtype)
