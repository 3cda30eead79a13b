"""What tells one training from another, in plain values by name."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

SHOWN = 3  # differences that an error names
PASSED_OVER = ("name", "module", "registered_name")  # of Keras objects; a name counts those made before


def facts_of(model: Any, steps: int | None) -> dict[str, Any]:
    """Return what has to be the same where a training goes on.

    Args:
        model: A compiled `LogitsTrainer`. What it tells of its labels and data is its `training_facts`.
        steps: int or None. Batches of an epoch.

    Returns:
        A dict from name to what JSON has for scalars and lists.
    """
    facts = {
        "optimizer": {"class": type(model.optimizer).__name__, **_config_of(model.optimizer)},
        "batches of an epoch": steps,
        "steps_per_execution": model.steps_per_execution,
        **getattr(model, "training_facts", {}),
    }
    return dict(_by_path(json.loads(json.dumps(facts, default=_plain))))


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Return in words where two such dicts differ, "" where they do not.

    Args:
        there: What was stored.
        here: What is the case now.

    Example:
        >>> differences({"optimizer.learning_rate": 0.1, "rows": 5}, {"optimizer.learning_rate": 0.2, "rows": 5})
        'optimizer.learning_rate was 0.1, is 0.2'
    """
    names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    shown = [f"{name} was {reprlib.repr(there.get(name))}, is {reprlib.repr(here.get(name))}" for name in names[:SHOWN]]
    return "; ".join(shown)


def _config_of(optimizer: Any) -> dict[str, Any]:
    try:
        return optimizer.get_config()
    except NotImplementedError:  # a user's own schedule need not have one
        return {}


def _by_path(facts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Entries of nested dicts."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from _by_path(value, f"{before}{name}.")
        elif name not in PASSED_OVER:
            yield before + name, value


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else type(value).__name__
