"""The options of an exported task, which are those that it was exported with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def check_fixed_options(changes: Mapping[str, Any], metadata: Mapping[str, Any], model: str) -> None:
    """Refuse other options than those of the export.

    Args:
        changes: Mapping. What a call gave.
        metadata: Mapping. What the export wrote: "options", "max_length" and "truncation".
        model: str. What the model is called in the message: "The model at 'saved_models/sentiment/1'".

    Raises:
        ValueError: If an option differs; the message names it.

    Example:
        >>> check_fixed_options({"top_k": 2}, {"options": {"top_k": 2}}, "The model")
    """
    fixed = {name: metadata.get(name) for name in ("max_length", "truncation")} | metadata["options"]
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in changes.items()}
    differing = {name: value for name, value in given.items() if name not in fixed or fixed[name] != value}
    if differing:
        raise ValueError(
            f"{model} was exported with {metadata['options']}; received: {differing}. "
            "Export task.with_options(...) instead."
        )
