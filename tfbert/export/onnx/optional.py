"""The libraries of the extra `onnx`."""

from __future__ import annotations

import importlib
from typing import Any


def import_optional(name: str) -> Any:
    """Return a module of a library that not every installation has.

    Args:
        name: str. The module, such as "onnx" or "tf2onnx.tfonnx".

    Returns:
        The module.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ImportError(
            f'ONNX files need the library {name.partition(".")[0]}. Run `pip install "tfbert-keras[onnx]"`.'
        ) from error
