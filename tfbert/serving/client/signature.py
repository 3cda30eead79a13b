"""Signature: what a served function takes and returns, and the user's text in that form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from tfbert.export.text_columns import Columns, text_columns
from tfbert.wire.json_tensors import read_tensors
from tfbert.wire.tensor_proto import NAME_OF
from tfbert.wire.tensor_spec import TensorSpec

ORDER = ("text", "text_pair", "question", "context")  # of inputs, which a SavedModel sorts


class Signature:
    """A signature of a served model.

    Args:
        inputs: Mapping from name to `TensorSpec`.
        outputs: Mapping from name to `TensorSpec`.
    """

    def __init__(self, inputs: Mapping[str, TensorSpec], outputs: Mapping[str, TensorSpec]):
        names = sorted(inputs, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
        self.inputs = {name: inputs[name] for name in names}
        self.outputs = dict(outputs)

    @classmethod
    def of_proto(cls, proto: Any) -> Self:
        """Return what a SignatureDef says."""
        sides = (proto.inputs, proto.outputs)
        return cls(*({name: TensorSpec.of_tensor_info(info) for name, info in side.items()} for side in sides))

    def check(self) -> None:
        """Refuse a signature whose inputs are no rows, or that holds what no array can.

        Raises:
            ValueError: If it is one.
        """
        others = [str(spec) for spec in (*self.inputs.values(), *self.outputs.values()) if spec.dtype not in NAME_OF]
        if others:
            raise ValueError(f"it has inputs or outputs of other types than numbers and strings: {others}")
        if not self.inputs or not all(spec.shape for spec in self.inputs.values()):
            raise ValueError(f"its inputs are no rows: { {name: str(spec) for name, spec in self.inputs.items()} }")

    @property
    def takes_text(self) -> bool:
        """Whether all inputs are texts."""
        return all(spec.is_string for spec in self.inputs.values())

    def read(self, x: Any, taker: str) -> Columns:
        """Turn what the user gave into arrays by name.

        Args:
            x: Text in any form that `text_columns` takes; for a signature of numbers, such as `ids`, a dict of lists
                or arrays.
            taker: str. Who takes them, for error messages.

        Returns:
            A dict of arrays with the same number of rows.

        Raises:
            TypeError, ValueError: If it is something else.
        """
        if self.takes_text:
            return text_columns(x, {name: len(spec.shape or ()) for name, spec in self.inputs.items()}, taker)
        if not isinstance(x, Mapping):
            raise TypeError(f"{taker} takes a dict of {list(self.inputs)}. Received: {type(x).__name__}.")
        lists = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in x.items()}
        arrays = read_tensors(lists, False, self.inputs)
        for name, array in arrays.items():
            if not self.inputs[name].takes(array.shape):
                raise ValueError(f"`{name}` must be {self.inputs[name]}. Received: shape {list(array.shape)}.")
        counts = {name: len(array) for name, array in arrays.items()}
        if len(set(counts.values())) > 1:
            raise ValueError(f"All inputs must have the same number of rows. Received: {counts}.")
        return arrays

    def nothing(self) -> dict[str, np.ndarray]:
        """Return the answers to no rows."""
        return {
            name: np.zeros([0, *(size or 0 for size in (spec.shape or ())[1:])], spec.numpy_dtype)
            for name, spec in self.outputs.items()
        }

    def check_answer(self, answer: Mapping[str, np.ndarray], rows: int) -> None:
        """Refuse answers that are not what the signature says.

        Raises:
            ValueError: If names, types, shapes or the number of rows differ.
        """
        if answer.keys() != self.outputs.keys():
            raise ValueError(f"its outputs are {sorted(self.outputs)}, but {sorted(answer)} came")
        for name, values in answer.items():
            spec = self.outputs[name]
            if values.shape[:1] != (rows,) or not spec.takes(values.shape) or values.dtype != spec.numpy_dtype:
                raise ValueError(
                    f"{name!r} is {spec} with {rows} rows, but {values.dtype} of shape {list(values.shape)} came"
                )
