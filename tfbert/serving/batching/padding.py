"""What an answer is wide: its own entries, not those that its neighbours in a batch brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tfbert.serving.batching.job import Arrays
from tfbert.wire.tensor_spec import TensorSpec

LENGTH, MASK = "length", "attention_mask"


def padding_cutter(outputs: Mapping[str, TensorSpec]) -> Callable[[Arrays], Arrays]:
    """Return what cuts the answers to some rows of a batch to the width that they have without the other rows.

    The widths are told by `length` [B], the entries of each row, or by `attention_mask` [B, S]; see the keys of
    tfbert's tasks. Other models' answers stay as they are.

    Args:
        outputs: dict of `TensorSpec` by name.

    Returns:
        A function from a dict of arrays to a dict of arrays.
    """
    free = [name for name, spec in outputs.items() if spec.shape is not None and None in spec.shape[1:2]]
    if LENGTH in outputs and outputs[LENGTH].numpy_dtype.kind == "i" and free:
        return lambda arrays: _cut(arrays, free, int(arrays[LENGTH].max(initial=0)))
    if MASK in free:
        return lambda arrays: _cut(arrays, free, _longest(arrays[MASK]))
    return lambda arrays: arrays


def _cut(arrays: Arrays, names: list[str], width: int) -> Arrays:
    return {name: array[:, :width] if name in names else array for name, array in arrays.items()}


def _longest(mask: np.ndarray) -> int:
    """One more than the last place of a token in any row."""
    places = np.flatnonzero(mask.any(axis=0))
    return int(places[-1]) + 1 if len(places) else 0
