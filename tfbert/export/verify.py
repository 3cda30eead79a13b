"""Checks on a written SavedModel: its ops are those a stock server links, and its answers are the model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from tfbert.export.server_ops import SERVER_TEXT_OPS
from tfbert.export.signature_inputs import signature_inputs
from tfbert.str_array import as_str_array

# The ops of tensorflow-text that this library uses: two, or four older ones for servers that lack those.
FAST_TEXT_OPS = frozenset({"FastBertNormalize", "FastWordpieceTokenizeWithOffsets"})
CLASSIC_TEXT_OPS = frozenset({"CaseFoldUTF8", "NormalizeUTF8", "RegexSplitWithOffsets", "WordpieceTokenizeWithOffsets"})
TEXT_OPS = FAST_TEXT_OPS | CLASSIC_TEXT_OPS
PYTHON_OPS = frozenset({"EagerPyFunc", "PyFunc", "PyFuncStateless"})
TOLERANCE = 1e-5
NO_VALUE = 1e30  # what stands where there is none, such as the logit of an empty choice, is larger
# An empty text, invalid UTF-8, several scripts, and one that is cut at any length.
SHORT_PROBE_TEXTS = ("", "Hello", "é 北😀", b"\xff\xe4")
PROBE_TEXTS = (*SHORT_PROBE_TEXTS, "long text " * 300)


class ExportError(RuntimeError):
    """A written model does not do what the model in memory does; nothing was left at the path."""


def ops_of(folder: str | PathLike) -> set[str]:
    """Return the names of all ops in a SavedModel.

    Args:
        folder: Path of the SavedModel.

    Returns:
        A set of str.
    """
    proto = SavedModel.FromString((Path(folder) / "saved_model.pb").read_bytes())
    ops: set[str] = set()
    for graph in proto.meta_graphs:
        ops.update(node.op for node in graph.graph_def.node)
        for function in graph.graph_def.library.function:
            ops.update(node.op for node in function.node_def)
    return ops


def check_ops(folder: str | PathLike, allow_lookup_tables: bool = False, allow_compiled: bool = False) -> None:
    """Refuse a SavedModel with an op that a stock TF Serving binary lacks.

    Args:
        folder: Path of the SavedModel.
        allow_lookup_tables: bool, default False. Whether it was told which tables to hold, and so restores them.
        allow_compiled: bool, default False. Whether functions may be compiled by XLA.

    Raises:
        ExportError: If there is one; the message names it.
    """
    names = {function.signature.name for function in _functions(folder)}
    compiled = compiled_functions(folder)
    if compiled and not allow_compiled:
        raise ExportError(f"The model holds functions compiled by XLA, which stock servers refuse: {compiled[0]}.")
    foreign = sorted(
        op
        for op in ops_of(folder)
        if op in PYTHON_OPS
        or (not allow_lookup_tables and ("LookupTable" in op or "HashTable" in op))
        or not (op in SERVER_TEXT_OPS or op in names or hasattr(tf.raw_ops, op))
    )
    if foreign:
        raise ExportError(
            f"The model holds ops that TF Serving does not link or cannot restore: {', '.join(foreign)}. Write them "
            "with TensorFlow's own ops and constants; Python functions and lookup tables cannot be exported."
        )


def compiled_functions(folder: str | PathLike) -> list[str]:
    """Return the names of the functions of a SavedModel that XLA is to compile.

    Args:
        folder: Path of the SavedModel.

    Returns:
        A list of str.
    """
    return [function.signature.name for function in _functions(folder) if function.attr["_XlaMustCompile"].b]


def check_answers(
    folder: str | PathLike, signatures: Mapping[str, Any], probes: Sequence[Mapping[str, Any]], exactly: bool = True
) -> None:
    """Load a SavedModel and compare each signature with the function it was made from, on probe texts.

    Args:
        folder: Path of the SavedModel.
        signatures: dict from signature name to the function in memory.
        probes: Sequence of dicts of text columns to compare on.
        exactly: bool, default True. False compares names, types and ranks only, where answers are drawn by chance.

    Raises:
        ExportError: If an output is missing or differs by more than 1e-5.
    """
    loaded = tf.saved_model.load(str(folder))
    for probe in probes:
        for name, inputs in signature_inputs(signatures, probe).items():
            compare_outputs(name, signatures[name](**inputs), loaded.signatures[name](**inputs), exactly)


def text_probes(columns: Sequence[str], texts: Sequence[str | bytes]) -> list[dict[str, list[str | bytes]]]:
    """Return probes of one row and of all: the texts under each column, each time begun at another one.

    Args:
        columns: Sequence of str. Names of columns of one text a row.
        texts: Sequence of texts.

    Returns:
        A list of dicts.
    """
    turned = {name: [*texts[shift:], *texts[:shift]] for shift, name in enumerate(columns)}
    return [{name: column[:count] for name, column in turned.items()} for count in (1, len(texts))]


def compare_outputs(name: str, expected: Mapping[str, Any], found: Mapping[str, Any], exactly: bool = True) -> None:
    """Compare what an exported signature returns with what the function returns that it was made from.

    Args:
        name: str. The signature's name, for errors.
        expected, found: dict of tensors or arrays.
        exactly: bool, default True. False compares names, types, ranks and that numbers are finite: what remains where
            weights are rounded or answers are drawn by chance.

    Raises:
        ExportError: If an output is missing or differs by more than 1e-5, of its greatest value where that is above 1.
    """
    if set(expected) != set(found):
        raise ExportError(f"Signature {name!r} returns {sorted(found)}; the model returns {sorted(expected)}.")
    for key in expected:
        want, have = as_str_array(np.asarray(expected[key])), as_str_array(np.asarray(found[key]))
        if (want.dtype, want.ndim) != (have.dtype, have.ndim):
            raise ExportError(
                f"{name}/{key} is {have.dtype} of {have.ndim} axes; the model's {want.dtype}, {want.ndim}."
            )
        is_float = np.issubdtype(want.dtype, np.floating)
        if is_float and np.isfinite(want).all() and not np.isfinite(have).all():
            raise ExportError(f"{name}/{key} holds numbers that are not finite; the model's are.")
        if not exactly:
            continue
        if want.shape != have.shape:
            raise ExportError(f"{name}/{key} has the shape {have.shape}; the model's has {want.shape}.")
        if is_float:
            usual = np.abs(want) < NO_VALUE
            off = np.where(usual, np.abs(np.where(usual, want, 0.0) - have), np.where(have == want, 0.0, np.inf))
            worst, size = (float(np.max(values, initial=0.0)) for values in (off, np.abs(want[usual])))
            if not worst <= TOLERANCE * max(1.0, size):
                raise ExportError(f"{name}/{key} differs from the model by {worst:.2e}; its values reach {size:.2e}.")
        elif not np.array_equal(want, have):
            raise ExportError(f"{name}/{key} differs from the model.")


def _functions(folder: str | PathLike) -> list[Any]:
    proto = SavedModel.FromString((Path(folder) / "saved_model.pb").read_bytes())
    return [function for graph in proto.meta_graphs for function in graph.graph_def.library.function]
