"""Weights between a checkpoint's arrays and a model's variables, with a report of what did not fit."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.checkpoints.names.weight_dialects import parts_of
from tfbert.checkpoints.names.weight_names import IGNORED, TIED, canonical_names, may_be_new, rows_of
from tfbert.checkpoints.names.weight_row import Row
from tfbert.checkpoints.stored_tensor import StoredTensor

HEAD_BIAS = "cls.predictions.bias"
DECODER_BIAS = "cls.predictions.decoder.bias"  # the same, unless the head is untied
SLICE = 2**21  # values

logger = logging.getLogger("tfbert")


@dataclasses.dataclass(frozen=True)
class LoadingReport:
    """What a checkpoint and a model did not share, by PyTorch's weight names.

    Args:
        missing_keys: list of str. Weights of the model that the checkpoint lacks; they keep their new values.
        unexpected_keys: list of str. Weights of the checkpoint that the model has no place for.
        mismatched_keys: list of (name, checkpoint's shape, model's shape). Weights left new because of their shape.
        loaded: list of the variables that have the checkpoint's values now.
    """

    missing_keys: list[str]
    unexpected_keys: list[str]
    mismatched_keys: list[tuple[str, tuple[int, ...], tuple[int, ...]]]
    loaded: list[Any]


def load_into(
    model: Any, tensors: Mapping[str, StoredTensor], num_layers: int, source: str, ignore_mismatched_sizes: bool = False
) -> LoadingReport:
    """Assign a checkpoint's tensors to a model's variables, one after the other.

    Names and shapes are checked before anything is assigned. An untied head whose table the checkpoint lacks takes the
    word table, as the tied model that was saved did.

    Args:
        model: The model.
        tensors: dict from PyTorch's name to `StoredTensor`.
        num_layers: int. Number of transformer layers.
        source: str. Where the arrays come from, for messages.
        ignore_mismatched_sizes: bool, default False. Leave a weight of another shape new instead of raising.

    Returns:
        A `LoadingReport`; what is missing or left over is logged too.

    Raises:
        ValueError: If a weight that no task makes new is missing, or one has another shape or no numbers.
    """
    rows = list(rows_of(model, num_layers))
    names = canonical_names(list(tensors))
    held = {names[name]: tensor for name, tensor in tensors.items()}
    found = {name: tensor for name, tensor in held.items() if name not in IGNORED}
    if _is_untied(rows) and DECODER_BIAS in held:
        found[HEAD_BIAS] = held[DECODER_BIAS]  # the one that PyTorch adds; it parts from the other in training
    sources = {**{name: found[table] for name, table in TIED.items() if table in found}, **found}
    assignments, missing, mismatched = [], [], []
    expected: set[str] = set()
    for row, variable in rows:
        # A view without memory is enough to learn the shapes that the checkpoint should have.
        shapes = [part.shape for part in row.turn.to_checkpoint(np.broadcast_to(np.float32(0), variable.shape))]
        wanted = dict(zip(row.names(), shapes))
        expected.update(wanted)
        absent = [name for name in wanted if name not in sources]
        wrong = [(name, sources[name].shape, shape) for name, shape in wanted.items() if name in sources]
        wrong = [entry for entry in wrong if entry[1] != entry[2]]
        missing += absent
        mismatched += wrong
        if not absent and not wrong:
            assignments.append((variable, row, [sources[name] for name in wanted]))
    unexpected = sorted(name for name in set(found) - expected if TIED.get(name) not in expected)
    _refuse(type(model).__name__, source, missing, mismatched, found, ignore_mismatched_sizes)
    for variable, row, parts in assignments:
        _assign(variable, row.turn.to_variable([_values(tensor) for tensor in parts]))
    assigned = {row.checkpoint: variable for variable, row, _ in assignments}
    for name, table in TIED.items():
        if HEAD_BIAS in expected and name not in expected and name in found and table in assigned:
            _compare_tied(assigned[table], found[name])
    report = LoadingReport(sorted(missing), unexpected, mismatched, [variable for variable, _, _ in assignments])
    _log(type(model).__name__, source, report)
    return report


def stored_weights(model: Any, num_layers: int, prefix: bool) -> dict[str, StoredTensor]:
    """Return a model's weights as a PyTorch checkpoint holds them, each turned only when it is asked for.

    Args:
        model: The model.
        num_layers: int. Number of transformer layers.
        prefix: bool. Whether names of the shared part begin with `bert.`, as in every model with a head.

    Returns:
        A dict from PyTorch's name to `StoredTensor`, float32.
    """
    tensors: dict[str, StoredTensor] = {}
    rows = list(rows_of(model, num_layers))
    for row, variable in rows:

        def values(variable=variable):
            return np.asarray(variable.numpy(), dtype=np.float32)  # of an adapted layer the kernel that it acts as

        tensors.update(
            parts_of(row, StoredTensor(row.variable_path, tuple(variable.shape), "float32", "memory", values))
        )
    if _is_untied(rows):
        tensors[DECODER_BIAS] = tensors[HEAD_BIAS]  # PyTorch's transformers 5 ties neither where it unties one
    return tensors if prefix else {name.removeprefix("bert."): tensor for name, tensor in tensors.items()}


def _is_untied(rows: Iterable[tuple[Row, Any]]) -> bool:
    """Whether the head over the vocabulary has a table of its own."""
    return any(row.checkpoint in TIED for row, _ in rows)


def _slices(array: Any) -> Iterator[slice]:
    """Rows that are no more than `SLICE` values, one after the other."""
    step = max(1, SLICE * len(array) // max(1, math.prod(array.shape)))
    return (slice(start, start + step) for start in range(0, len(array), step))


def _assign(variable: Any, array: np.ndarray) -> None:
    """Assign values; big ones in slices, as TensorFlow's copy and the old values would be in memory with the array."""
    slices = list(_slices(array))
    if len(slices) == 1 or isinstance(variable.value, tf.distribute.DistributedValues):
        variable.assign(array)
        return
    for part in slices:
        values = array[part].astype(variable.dtype)
        # `variable.value[part].assign(values)` is the same, but copies the whole variable first.
        tf.raw_ops.ResourceStridedSliceAssign(
            ref=variable.value.handle, begin=[part.start], end=[part.start + len(values)], strides=[1], value=values
        )


def _values(tensor: StoredTensor) -> np.ndarray:
    """Read a weight; one that is no finite number spoils every answer, so it is told."""
    array = tensor.read()
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(
            f"The weight {tensor.name!r} in {tensor.source!r} must hold floating-point numbers. "
            f"Received: {tensor.dtype}."
        )
    if not np.isfinite([array.min(), array.max()]).all():  # without an array of flags; NaN is its own minimum
        logger.warning("The weight %s in %s holds NaN or infinite values.", tensor.name, tensor.source)
    return array


def _compare_tied(variable: Any, tensor: StoredTensor) -> None:
    """Tell where a checkpoint holds two tables and the model has one."""
    array = tensor.read()
    same = array.shape == tuple(variable.shape) and all(
        np.array_equal(array[part].astype(variable.dtype), np.asarray(variable.value[part])) for part in _slices(array)
    )
    if not same:
        logger.warning(
            "The weight %s in %s differs from the word table, which the model uses in its place. "
            "To load both write from_pretrained(..., tie_word_embeddings=False).",
            tensor.name,
            tensor.source,
        )


def _refuse(model_name, source, missing, mismatched, found, ignore_mismatched_sizes) -> None:
    essential = sorted(name for name in missing if not may_be_new(name, found))
    if essential:
        raise ValueError(
            f"The checkpoint {source!r} lacks {len(essential)} weights of {model_name}: {_some(essential)}. "
            "Check that config.json belongs to these weights and that they are a BERT checkpoint."
        )
    if mismatched and not ignore_mismatched_sizes:
        lines = [
            f"{name}: {list(have)} in the checkpoint, {list(want)} in the model" for name, have, want in mismatched
        ]
        raise ValueError(
            f"Weights of {model_name} have another shape in {source!r}: {_some(lines)}. "
            "To make these weights new write from_pretrained(..., ignore_mismatched_sizes=True)."
        )


def _log(model_name: str, source: str, report: LoadingReport) -> None:
    new = report.missing_keys + [name for name, _, _ in report.mismatched_keys]
    if new:
        logger.warning(
            "Some weights of %s were not initialized from the checkpoint at %s and are newly initialized: %s. "
            "Train the model before you use its predictions.",
            model_name,
            source,
            sorted(new),
        )
    if report.unexpected_keys:
        logger.info("Weights of %s that %s has no place for: %s.", source, model_name, report.unexpected_keys)


def _some(entries: list[str], count: int = 5) -> str:
    rest = len(entries) - count
    return "; ".join(entries[:count]) + (f"; and {rest} more" if rest > 0 else "")
