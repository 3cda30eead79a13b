"""Row: one line of the table of weight names."""

from __future__ import annotations

import dataclasses
import re
from typing import Literal

from tfbert.checkpoints.names.turns import Turn

Dialect = Literal["checkpoint", "tf", "tf1", "tf2"]


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: one variable of ours, and what every kind of checkpoint calls it.

    In all names `{a,b}` lists several weights that make one variable, and `{i}` is the layer.

    Args:
        checkpoint: str. PyTorch's name.
        path: str. The variable's attribute path.
        turn: `Turn`, between PyTorch's arrays and the variable's.
        tf: str or None. Hugging Face's TensorFlow name, after the model's name and without `:0`.
        tf1: str or None. Google's name in TF1 checkpoints.
        tf2: str or None. The name in TF2 checkpoints of tf-models' BertEncoderV2, from the encoder down.

    Example:
        >>> from tfbert.checkpoints.names.turns import fuse_biases
        >>> row = Row("layer.{i}.{key,value}.bias", "layers.{i}.kv.bias", fuse_biases(2), tf="l_{i}/{key,value}/bias")
        >>> row.at_layer(3).names()
        ['layer.3.key.bias', 'layer.3.value.bias']
        >>> row.names("tf")
        ['l_{i}/key/bias', 'l_{i}/value/bias']
    """

    checkpoint: str
    path: str
    turn: Turn
    tf: str | None = None
    tf1: str | None = None
    tf2: str | None = None

    def names(self, dialect: Dialect = "checkpoint") -> list[str]:
        """Return a dialect's names of the weights in this row, in order; none where it cannot hold them."""
        name = getattr(self, dialect)
        if name is None:
            return []
        choice = re.search(r"\{(\w+(?:,\w+)+)\}", name)
        if choice is None:
            return [name]
        return [name.replace(choice[0], option) for option in choice[1].split(",")]

    def at_layer(self, index: int) -> Row:
        """Return this row with the layer filled in."""

        def filled(name):
            return name and name.replace("{i}", str(index))

        names = {field: filled(getattr(self, field)) for field in ("checkpoint", "path", "tf", "tf1", "tf2")}
        return dataclasses.replace(self, **names)

    @property
    def variable_path(self) -> str:
        """Keras' path of the variable, which a SavedModel keeps: layers bear the names of their attributes."""
        return self.path.replace(".layers.", ".layer_").replace(".", "/")
