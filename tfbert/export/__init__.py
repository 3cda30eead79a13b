"""Models as files that run without tfbert: SavedModel, checked before it takes its place."""

from tfbert.export.saved_model import export_saved_model
from tfbert.export.verify import ExportError

__all__ = ["ExportError", "export_saved_model"]
