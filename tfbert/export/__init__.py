"""Models as files that run without tfbert: SavedModel, LiteRT and ONNX, checked before they take their place."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfbert.export import litert, onnx
    from tfbert.export.saved_model import export_saved_model
    from tfbert.export.verify import ExportError

__all__ = ["ExportError", "export_saved_model", "litert", "onnx"]

_HOMES = {"ExportError": "tfbert.export.verify", "export_saved_model": "tfbert.export.saved_model"}


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that the loaders of LiteRT and ONNX files import no TensorFlow."""
    if name not in __all__:
        raise AttributeError(f"module 'tfbert.export' has no attribute {name!r}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    return importlib.import_module(f"tfbert.export.{name}")
