"""BucketedProgram: rows of tokens through one function that XLA compiles for few shapes.

Letters: B rows, S positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.layers.token_layout import batch_and_length
from tfbert.models.model_inputs import id_limits
from tfbert.option_checks import check_count
from tfbert.tokenization.packing.buckets import Size, bucket_of

Tensors = dict[str, Any]

# XLA compiles a program for each shape that it meets. Beyond 32 positions at most a third of them is padding.
SEQUENCE_BUCKETS = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
BATCH_BUCKETS = tuple(2**exponent for exponent in range(16))
TAKEN = {"input_ids", "attention_mask", "token_type_ids", "position_ids", "inputs_embeds", "output_hidden_states"}


class BucketedProgram:
    """Pads rows and positions to buckets, runs a compiled function, and cuts its outputs back; all in the graph.

    Calls with the same tensors share one function, so that eager calls, graphs and signatures share what XLA compiled:
    at most one program for each pair of a batch and a sequence bucket.

    Args:
        run: Function of (inputs by name, training) that returns outputs by name, in the padded layout.
        config: `BertConfig` of the model.

    Raises:
        tf.errors.InvalidArgumentError: Called, if ids or lengths are beyond a table. XLA would take the nearest row.
    """

    def __init__(self, run: Callable[[Tensors, bool], Tensors], config: BertConfig):
        self._run = run
        self._longest = config.max_position_embeddings
        self._limits = id_limits(config)
        self._sequence_buckets = sequence_buckets(self._longest)
        self._functions: dict[tuple[Any, ...], Any] = {}

    def __call__(self, inputs: Tensors, training: bool) -> Tensors:
        """Return the outputs for inputs [B, S, …]."""
        flags = {name: bool(value) for name, value in inputs.items() if not tf.is_tensor(value)}
        tensors = {name: value for name, value in inputs.items() if name not in flags}
        dense = tensors["input_ids" if "input_ids" in tensors else "inputs_embeds"]
        batch_size, length = batch_and_length(dense)
        with tf.control_dependencies(self._checks(tensors, length)):
            tensors = {name: tf.identity(value) for name, value in tensors.items()}
        # What may be left out is filled in, so that all such calls share programs.
        tensors.setdefault("attention_mask", tf.ones([batch_size, length], tf.int32))
        tensors.setdefault("token_type_ids", tf.zeros([batch_size, length], tf.int32))
        rows, positions = bucket_of(batch_size, BATCH_BUCKETS), bucket_of(length, self._sequence_buckets)
        padded = {
            name: _padded(_broadcast(value, batch_size, length), [rows - batch_size, positions - length])
            for name, value in sorted(tensors.items())
        }
        outputs = self._function(padded, flags, training)(padded)
        return tf.nest.map_structure(lambda output: _cut(output, batch_size, length), outputs)

    def _checks(self, tensors: Tensors, length: Size) -> list[Any]:
        if tf.executing_eagerly():
            return []  # the model has looked at the values
        checks = [
            tf.debugging.Assert(
                tf.reduce_all((tensors[name] >= 0) & (tensors[name] < limit)),
                [f"`{name}` must lie from 0 to {limit - 1}."],
            )
            for name, limit in self._limits.items()
            if name in tensors
        ]
        if "position_ids" not in tensors:
            message = f"Inputs must have at most {self._longest} positions, as many as the model."
            checks.append(tf.debugging.Assert(length <= self._longest, [message]))
        return checks

    def _function(self, tensors: Tensors, flags: Mapping[str, Any], training: bool) -> Any:
        if training and not tf.executing_eagerly():
            # Each graph has its own: random states that advance in one, or in Keras' symbolic calls, do so there only.
            return self._traced(tensors, flags, training)
        key = (training, *flags.items(), *((name, tensor.dtype) for name, tensor in tensors.items()))
        if key not in self._functions:
            self._functions[key] = self._traced(tensors, flags, training)
        return self._functions[key]

    def _traced(self, tensors: Tensors, flags: Mapping[str, Any], training: bool) -> Any:
        specs = {
            name: tf.TensorSpec([None, None, *value.shape[2:]], value.dtype, name=name)
            for name, value in tensors.items()
        }
        compiled = tf.function(
            lambda given: self._run({**given, **flags}, training),
            input_signature=[specs],
            autograph=False,
            jit_compile=True,
        )
        # XLA compiles anew for eager calls and for graphs; within one more graph all calls are of the one kind.
        return tf.function(lambda given: compiled(given), input_signature=[specs], autograph=False)


def takes_buckets(inputs: Mapping[str, Any], config: BertConfig) -> bool:
    """Return whether rows may be padded: all inputs are [B, S, …], and so are the outputs that they ask for.

    Args:
        inputs: dict. What a model is called with, without what is None.
        config: `BertConfig`.

    Returns:
        bool.
    """
    asked = {name for name, value in inputs.items() if value is not False}
    mask = inputs.get("attention_mask")
    cuts = asked <= TAKEN and (mask is None or len(mask.shape) == 2)
    return cuts and not config.is_decoder and not config.output_attentions


def sequence_buckets(longest: int) -> tuple[int, ...]:
    """Return the lengths that inputs of up to `longest` positions are padded to.

    Args:
        longest: int. The last of them.

    Returns:
        A tuple of int, ascending.

    Example:
        >>> sequence_buckets(40)
        (16, 32, 40)
    """
    return (*(bucket for bucket in SEQUENCE_BUCKETS if bucket < longest), longest)


def bucket_shapes(batch_sizes: Sequence[int], longest: int, max_length: int | None = None) -> list[tuple[int, int]]:
    """Return the shapes that inputs are padded to.

    Args:
        batch_sizes: Sequence of int.
        longest: int. The most positions that the model knows.
        max_length: int or None. The most that inputs have.

    Returns:
        A list of (rows, positions), each bucket of rows with each of positions.

    Raises:
        TypeError: If `batch_sizes` is no list of numbers.
        ValueError: If a number is out of range.
    """
    check_count("max_length", max_length, optional=True)
    if not isinstance(batch_sizes, Sequence) or not batch_sizes:
        raise TypeError(f"`batch_sizes` must be a list of one or more numbers. Received: {batch_sizes!r}.")
    for size in batch_sizes:
        check_count("batch_sizes", size)
    if max_length is not None and max_length > longest:
        raise ValueError(f"`max_length` must be at most {longest}, the model's positions. Received: {max_length}.")
    lengths = sequence_buckets(longest)
    last = bucket_of(longest if max_length is None else max_length, lengths)
    rows = sorted({bucket_of(size, BATCH_BUCKETS) for size in batch_sizes})
    return [(count, positions) for count in rows for positions in lengths if positions <= last]


def _broadcast(value: tf.Tensor, batch_size: Size, length: Size) -> tf.Tensor:
    """A value [1, S] for all rows as one for each."""
    return value if len(value.shape) > 2 else tf.broadcast_to(value, [batch_size, length])


def _padded(value: tf.Tensor, more: list[Size]) -> tf.Tensor:
    """[B, S, …] with so many more rows and positions of zeros."""
    return tf.pad(value, [*([0, count] for count in more), *([0, 0] for _ in value.shape[2:])])


def _cut(output: tf.Tensor, batch_size: Size, length: Size) -> tf.Tensor:
    """An output [B, D] or [B, S, D] of the padded batch without what was added."""
    sizes = (batch_size, length)[: len(output.shape) - 1]
    static = [size if isinstance(size, int) else None for size in sizes]
    return tf.ensure_shape(output[tuple(slice(size) for size in sizes)], [*static, output.shape[-1]])
