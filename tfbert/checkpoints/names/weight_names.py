"""Where the weights of a checkpoint and the variables of a model meet: by the rows of the one table."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from tfbert.checkpoints.names.weight_row import Row
from tfbert.checkpoints.names.weight_table import TABLE

# Parts that a checkpoint may lack as a whole because a task makes them new; every other missing weight is an error.
NEW_IN_A_TASK = (
    "bert.pooler.",
    ".crossattention.",
    "cls.predictions.",
    "cls.seq_relationship.",
    "classifier.",
    "qa_outputs.",
)

# Names that hold no weight of their own: buffers of old PyTorch checkpoints, and the alias of cls.predictions.bias.
IGNORED = ("bert.embeddings.position_ids", "bert.embeddings.token_type_ids", "cls.predictions.decoder.bias")

# A weight that a tied model has once and a checkpoint may hold twice, and the name of the one that counts.
TIED = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}

_BASE_PARTS = ("embeddings.", "encoder.", "pooler.")
_ROOTS = ("bert.", *_BASE_PARTS, "cls.", "classifier.", "qa_outputs.")
_WRAPPERS = ("module.", "model.")


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

    Example:
        >>> canonical_names(["module.embeddings.LayerNorm.gamma"])
        {'module.embeddings.LayerNorm.gamma': 'bert.embeddings.LayerNorm.weight'}
    """
    plain = _without_wrappers(names)
    has_prefix = any(name.startswith("bert.") for name in plain.values())
    canonical: dict[str, str] = {}
    for name, mapped in plain.items():
        if not has_prefix and mapped.startswith(_BASE_PARTS):
            mapped = f"bert.{mapped}"
        mapped = re.sub(r"(LayerNorm)\.gamma$", r"\1.weight", mapped)
        canonical[name] = re.sub(r"(LayerNorm)\.beta$", r"\1.bias", mapped)
    if "cls.predictions.bias" not in canonical.values():
        renamed = {"cls.predictions.decoder.bias": "cls.predictions.bias"}
        canonical = {name: renamed.get(mapped, mapped) for name, mapped in canonical.items()}
    meanings: dict[str, str] = {}
    for name, mapped in canonical.items():
        if mapped in meanings:
            raise ValueError(f"The checkpoint holds one weight under two names: {meanings[mapped]!r} and {name!r}.")
        meanings[mapped] = name
    return canonical


def may_be_new(name: str, found: Collection[str]) -> bool:
    """Return whether a model may make a missing weight new: where the checkpoint has nothing of its part.

    Args:
        name: str. The missing weight, by the table's name.
        found: Collection of str. The weights that the checkpoint has, by the table's names.

    Returns:
        bool.

    Example:
        >>> may_be_new("classifier.bias", ["bert.pooler.dense.bias"])
        True
        >>> may_be_new("classifier.bias", ["classifier.weight"])
        False
    """
    part = next((part for part in NEW_IN_A_TASK if part in name), None)
    return part is not None and not any(part in other for other in found)


def _without_wrappers(names: list[str]) -> dict[str, str]:
    """Map each name to the same without `module.` and `model.`, only where no name is a model's own."""
    plain = {name: name for name in names}
    while not any(name.startswith(_ROOTS) for name in plain.values()):
        wrapper = next((wrapper for wrapper in _WRAPPERS if any(n.startswith(wrapper) for n in plain.values())), None)
        if wrapper is None:
            return {name: name for name in names}
        plain = {name: mapped.removeprefix(wrapper) for name, mapped in plain.items()}
    return plain


def _variable_at(model: Any, path: str) -> Any:
    """Follow a path such as `bert.encoder.layers.3.attention.qkv.kernel`; None where the model has no such part."""
    found = model
    for part in path.split("."):
        found = found[int(part)] if part.isdigit() else getattr(found, part, None)
        if found is None:
            return None
    return found
