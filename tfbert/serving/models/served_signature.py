"""ServedSignature: a function of a SavedModel, from arrays to arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.wire.status import ServingError, Status
from tfbert.wire.tensor_spec import TensorSpec


class ServedSignature:
    """A signature of a SavedModel.

    Args:
        name: str. Its name.
        definition: SignatureDef, as the SavedModel has it.
        function: The concrete function.

    Attributes:
        inputs, outputs: dict of `TensorSpec` by name.
    """

    def __init__(self, name: str, definition: Any, function: Any):
        self.name = name
        self.method = definition.method_name
        self.inputs = {key: TensorSpec.of_tensor_info(info) for key, info in definition.inputs.items()}
        self.outputs = {key: TensorSpec.of_tensor_info(info) for key, info in definition.outputs.items()}
        self._function = function
        self._types = {key: tf.as_dtype(spec.dtype) for key, spec in self.inputs.items()}

    @property
    def is_batch_major(self) -> bool:
        """Whether rows can be answered together: the first size of every input and output is free."""
        specs = (*self.inputs.values(), *self.outputs.values())
        return bool(self.inputs) and all(spec.shape and spec.shape[0] is None for spec in specs)

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run the function.

        Args:
            inputs: dict of arrays by name, strings as bytes.

        Returns:
            A dict of arrays by name, strings as bytes.

        Raises:
            ServingError: FAILED_PRECONDITION where an answer of rows has another number of rows, INVALID_ARGUMENT where
            the model quotes inputs that are no text.
            tf.errors.OpError: What the model raises.
        """
        tensors = {name: tf.constant(array, self._types[name]) for name, array in inputs.items()}
        try:
            answers = {name: self._array(name, tensor) for name, tensor in self._function(**tensors).items()}
        except UnicodeDecodeError as error:  # an error of TensorFlow's that quotes the input, which is no UTF-8
            raise ServingError(Status.INVALID_ARGUMENT, "The model refuses these inputs.") from error
        if self.is_batch_major:
            rows = len(next(iter(inputs.values())))
            for name, array in answers.items():
                if array.shape[:1] != (rows,):
                    raise ServingError(
                        Status.FAILED_PRECONDITION,
                        f"Output {name!r} of signature {self.name!r} has the shape {list(array.shape)} for {rows} "
                        "rows: its first size must be theirs. Export a signature with batch-major outputs.",
                    )
        return answers

    def _array(self, name: str, tensor: tf.Tensor) -> np.ndarray:
        """The array of a tensor; of one string alone TensorFlow makes bytes."""
        return np.asarray(tensor.numpy(), object) if self.outputs[name].is_string else tensor.numpy()
