"""Weights between a checkpoint's arrays and a model's variables, with a report of what did not fit."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfbert.checkpoints.weight_names import IGNORED, NEW_IN_A_TASK, canonical_names, rows_of

logger = logging.getLogger("tfbert")


@dataclasses.dataclass(frozen=True)
class LoadingReport:
    """What a checkpoint and a model did not share, by PyTorch's weight names.

    Args:
        missing_keys: list of str. Weights of the model that the checkpoint lacks; they keep their new values.
        unexpected_keys: list of str. Weights of the checkpoint that the model has no place for.
        mismatched_keys: list of (name, checkpoint's shape, model's shape). Weights left new because of their shape.
    """

    missing_keys: list[str]
    unexpected_keys: list[str]
    mismatched_keys: list[tuple[str, tuple[int, ...], tuple[int, ...]]]


def load_into(
    model: Any, arrays: Mapping[str, np.ndarray], num_layers: int, source: str, ignore_mismatched_sizes: bool = False
) -> LoadingReport:
    """Assign a checkpoint's arrays to a model's variables: all of them, or none where it raises.

    Args:
        model: The model.
        arrays: dict from PyTorch's name to array.
        num_layers: int. Number of transformer layers.
        source: str. Where the arrays come from, for messages.
        ignore_mismatched_sizes: bool, default False. Leave a weight of another shape new instead of raising.

    Returns:
        A `LoadingReport`; what is missing or left over is logged too.

    Raises:
        ValueError: If a weight that no task makes new is missing, or one has another shape.
    """
    names = canonical_names(list(arrays))
    found = {names[name]: array for name, array in arrays.items() if names[name] not in IGNORED}
    assignments, missing, mismatched = [], [], []
    expected: set[str] = set()
    for row, variable in rows_of(model, num_layers):
        # A view without memory is enough to learn the shapes that the checkpoint should have.
        shapes = [part.shape for part in row.turn.to_checkpoint(np.broadcast_to(np.float32(0), variable.shape))]
        wanted = dict(zip(row.names(), shapes))
        expected.update(wanted)
        absent = [name for name in wanted if name not in found]
        wrong = [(name, found[name].shape, shape) for name, shape in wanted.items() if name in found]
        wrong = [entry for entry in wrong if entry[1] != entry[2]]
        missing += absent
        mismatched += wrong
        if not absent and not wrong:
            assignments.append((variable, row.turn.to_variable([found[name] for name in wanted])))
    unexpected = sorted(set(found) - expected)
    _refuse(type(model).__name__, source, missing, mismatched, ignore_mismatched_sizes)
    for variable, array in assignments:
        variable.assign(array)
    report = LoadingReport(sorted(missing), unexpected, mismatched)
    _log(type(model).__name__, source, report)
    return report


def arrays_of(model: Any, num_layers: int, prefix: bool) -> dict[str, np.ndarray]:
    """Return a model's weights as a PyTorch checkpoint holds them.

    Args:
        model: The model.
        num_layers: int. Number of transformer layers.
        prefix: bool. Whether names of the shared part begin with `bert.`, as in every model with a head.

    Returns:
        A dict from PyTorch's name to float32 array.
    """
    arrays: dict[str, np.ndarray] = {}
    for row, variable in rows_of(model, num_layers):
        parts = row.turn.to_checkpoint(np.asarray(variable.numpy(), dtype=np.float32))
        arrays.update(zip(row.names(), parts))
    return arrays if prefix else {name.removeprefix("bert."): array for name, array in arrays.items()}


def _refuse(model_name, source, missing, mismatched, ignore_mismatched_sizes) -> None:
    essential = sorted(name for name in missing if not name.startswith(NEW_IN_A_TASK))
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
