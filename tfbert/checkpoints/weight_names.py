"""The one table of weight names: what PyTorch calls a weight, where it lives here, and how the array turns.

Loading, saving and the coverage test all read this table. A path names a variable by attributes from the model down.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Arrays = list[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Turn:
    """How checkpoint arrays become one variable, and back.

    Args:
        name: str.
        to_variable: Function from the checkpoint's arrays, in the row's order, to the variable's array.
        to_checkpoint: The inverse: function from the variable's array to the checkpoint's arrays.
    """

    name: str
    to_variable: Callable[[Arrays], np.ndarray]
    to_checkpoint: Callable[[np.ndarray], Arrays]


KEEP = Turn("keep", lambda arrays: arrays[0], lambda array: [array])
TRANSPOSE = Turn("transpose", lambda arrays: arrays[0].T, lambda array: [array.T])
FUSE_KERNELS = Turn(
    "fuse kernels",
    lambda arrays: np.concatenate([array.T for array in arrays], axis=1),
    lambda array: [part.T for part in np.split(array, 3, axis=1)],
)
FUSE_BIASES = Turn("fuse biases", np.concatenate, lambda array: np.split(array, 3))


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        checkpoint: str. PyTorch's name; `{a,b}` lists several weights that make one variable, `{i}` is the layer.
        path: str. The variable's attribute path.
        turn: `Turn`.
    """

    checkpoint: str
    path: str
    turn: Turn

    def names(self) -> list[str]:
        """Return PyTorch's names of the weights in this row, in order."""
        choice = re.search(r"\{(\w+(?:,\w+)+)\}", self.checkpoint)
        if choice is None:
            return [self.checkpoint]
        return [self.checkpoint.replace(choice[0], option) for option in choice[1].split(",")]

    def at_layer(self, index: int) -> Row:
        """Return this row with `{i}` filled in."""
        return Row(self.checkpoint.replace("{i}", str(index)), self.path.replace("{i}", str(index)), self.turn)


_LAYER = "bert.encoder.layer.{i}"
_OUR_LAYER = "bert.encoder.layers.{i}"

TABLE = (
    Row("bert.embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings", KEEP),
    Row("bert.embeddings.position_embeddings.weight", "bert.embeddings.position_embeddings", KEEP),
    Row("bert.embeddings.token_type_embeddings.weight", "bert.embeddings.token_type_embeddings", KEEP),
    Row("bert.embeddings.LayerNorm.weight", "bert.embeddings.norm.gamma", KEEP),
    Row("bert.embeddings.LayerNorm.bias", "bert.embeddings.norm.beta", KEEP),
    Row(f"{_LAYER}.attention.self.{{query,key,value}}.weight", f"{_OUR_LAYER}.attention.qkv.kernel", FUSE_KERNELS),
    Row(f"{_LAYER}.attention.self.{{query,key,value}}.bias", f"{_OUR_LAYER}.attention.qkv.bias", FUSE_BIASES),
    Row(f"{_LAYER}.attention.output.dense.weight", f"{_OUR_LAYER}.attention.output_dense.kernel", TRANSPOSE),
    Row(f"{_LAYER}.attention.output.dense.bias", f"{_OUR_LAYER}.attention.output_dense.bias", KEEP),
    Row(f"{_LAYER}.attention.output.LayerNorm.weight", f"{_OUR_LAYER}.attention_norm.gamma", KEEP),
    Row(f"{_LAYER}.attention.output.LayerNorm.bias", f"{_OUR_LAYER}.attention_norm.beta", KEEP),
    Row(f"{_LAYER}.intermediate.dense.weight", f"{_OUR_LAYER}.intermediate.kernel", TRANSPOSE),
    Row(f"{_LAYER}.intermediate.dense.bias", f"{_OUR_LAYER}.intermediate.bias", KEEP),
    Row(f"{_LAYER}.output.dense.weight", f"{_OUR_LAYER}.output_dense.kernel", TRANSPOSE),
    Row(f"{_LAYER}.output.dense.bias", f"{_OUR_LAYER}.output_dense.bias", KEEP),
    Row(f"{_LAYER}.output.LayerNorm.weight", f"{_OUR_LAYER}.output_norm.gamma", KEEP),
    Row(f"{_LAYER}.output.LayerNorm.bias", f"{_OUR_LAYER}.output_norm.beta", KEEP),
    Row("bert.pooler.dense.weight", "bert.pooler.dense.kernel", TRANSPOSE),
    Row("bert.pooler.dense.bias", "bert.pooler.dense.bias", KEEP),
    Row("classifier.weight", "classifier.dense.kernel", TRANSPOSE),
    Row("classifier.bias", "classifier.dense.bias", KEEP),
)

# What a checkpoint may lack because it is made new for each task; every other missing weight is an error.
NEW_IN_A_TASK = ("bert.pooler.", "classifier.")

# Buffers of old PyTorch checkpoints that hold no weight.
IGNORED = ("bert.embeddings.position_ids", "bert.embeddings.token_type_ids")

_BASE_PARTS = ("embeddings.", "encoder.", "pooler.")


def rows_of(model: Any, num_layers: int) -> Iterator[tuple[Row, Any]]:
    """Yield each row that this model has, with its variable.

    Args:
        model: A model with the attributes that the paths name; parts that it lacks, such as a pooler, are skipped.
        num_layers: int. Number of transformer layers.

    Yields:
        Tuples of `Row` and Keras variable.
    """
    for row in TABLE:
        for index in range(num_layers if "{i}" in row.path else 1):
            filled = row.at_layer(index)
            variable = _variable_at(model, filled.path)
            if variable is not None:
                yield filled, variable


def canonical_names(names: list[str]) -> dict[str, str]:
    """Map the names in a checkpoint to those of the table: `bert.` in front, LayerNorm's weight and bias.

    Args:
        names: list of str.

    Returns:
        A dict from the checkpoint's name to the table's.

    Raises:
        ValueError: If two names mean the same weight.
    """
    has_prefix = any(name.startswith("bert.") for name in names)
    canonical: dict[str, str] = {}
    for name in names:
        mapped = name if has_prefix or not name.startswith(_BASE_PARTS) else f"bert.{name}"
        mapped = re.sub(r"(LayerNorm)\.gamma$", r"\1.weight", mapped)
        canonical[name] = re.sub(r"(LayerNorm)\.beta$", r"\1.bias", mapped)
    meanings: dict[str, str] = {}
    for name, mapped in canonical.items():
        if mapped in meanings:
            raise ValueError(f"The checkpoint holds one weight under two names: {meanings[mapped]!r} and {name!r}.")
        meanings[mapped] = name
    return canonical


def _variable_at(model: Any, path: str) -> Any:
    """Follow a path such as `bert.encoder.layers.3.attention.qkv.kernel`; None where the model has no such part."""
    found = model
    for part in path.split("."):
        found = found[int(part)] if part.isdigit() else getattr(found, part, None)
        if found is None:
            return None
    return found
