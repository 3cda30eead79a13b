"""TensorFlow functions as ONNX graphs."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.export.onnx.opset import OPSET
from tfbert.export.verify import ExportError
from tfbert.optional import import_optional

# It joins reshapes whose shapes say "as in the input", of one input with the other's.
WRONG_OPTIMIZERS = {"remove_back_to_back"}


def to_onnx(
    function: Callable[..., Mapping[str, tf.Tensor]],
    specs: Sequence[tf.TensorSpec],
    variables: Sequence[keras.Variable],
) -> Any:
    """Convert a function of tensors.

    Args:
        function: Takes a tensor for each spec, and returns a dict of tensors.
        specs: Sequence of `tf.TensorSpec`, which name the inputs of the graph.
        variables: Sequence of Keras variables that the function reads; they become initializers.

    Returns:
        `onnx.ModelProto`. Its outputs have the names of the dict.

    Raises:
        ExportError: If an op has no form in ONNX; the message names it.
    """
    parts = ("tf_loader", "tfonnx", "optimizer")
    tf_loader, tfonnx, optimizer = (import_optional(f"tf2onnx.{part}") for part in parts)
    # The converter copies constants dozens of times: the weights go through as inputs, and become constants after it.
    names = {f"weight_{index}": variable for index, variable in enumerate(variables)}
    weight_specs = [tf.TensorSpec(one.shape, one.dtype, name=name) for name, one in names.items()]

    def with_weights(*tensors):
        with keras.StatelessScope(list(zip(variables, tensors[len(specs) :]))):
            return function(*tensors[: len(specs)])

    traced = tf.function(with_weights, input_signature=[*specs, *weight_specs], autograph=False)
    traced = traced.get_concrete_function()
    inputs = {tensor.name: spec.name for tensor, spec in zip(traced.inputs, [*specs, *weight_specs])}
    outputs = {tensor.name: name for name, tensor in traced.structured_outputs.items()}
    with tf.device("/cpu:0"), _errors_raised():
        frozen = tf_loader.from_function(traced, list(inputs), list(outputs))
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(frozen, name="")
            converted = tfonnx.process_tf_graph(
                graph,
                continue_on_error=True,  # so that every op is named; see `_errors_raised`
                opset=OPSET,
                input_names=list(inputs),
                output_names=list(outputs),
                tensors_to_rename={**inputs, **outputs},
            )
            kept = {n: one for n, one in optimizer._get_optimizers().items() if n not in WRONG_OPTIMIZERS}
            converted = optimizer.optimize_graph(converted, catch_errors=False, optimizers=kept)
    model = converted.make_model("tfbert")
    for value in list(model.graph.input):
        if value.name in names:
            model.graph.input.remove(value)
            array = np.asarray(names[value.name])
            model.graph.initializer.append(import_optional("onnx.numpy_helper").from_array(array, value.name))
    return model


class _Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextlib.contextmanager
def _errors_raised() -> Iterator[None]:
    """Raise what the converter only logs; it would go on and write a graph that no runtime can run."""
    logger, errors, cause = logging.getLogger("tf2onnx"), _Errors(), None
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(errors)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:  # after an op that it lacks the converter goes on, and may stumble over the gap
        if not errors.messages:
            raise
        cause = error
    finally:
        logger.removeHandler(errors)
        logger.propagate = propagates
    if errors.messages:
        raise ExportError(f"The model has no ONNX form: {errors.messages[0]}.") from cause
