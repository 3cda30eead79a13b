"""Libraries that not every installation has."""

from __future__ import annotations

import importlib
from typing import Any

EXTRAS = {"ai_edge_litert": "litert"} | dict.fromkeys(
    ("onnx", "onnxruntime", "onnxruntime_extensions", "tf2onnx"), "onnx"
)


def import_optional(name: str) -> Any:
    """Return a module of a library that an extra of tfbert installs.

    Args:
        name: str. The module, such as "onnx" or "tf2onnx.tfonnx".

    Returns:
        The module.

    Raises:
        ImportError: If it is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        library = name.partition(".")[0]
        raise ImportError(f'{library} is missing. Run `pip install "tfbert-keras[{EXTRAS[library]}]"`.') from error
