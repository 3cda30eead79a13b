"""The forms that a task is exported in, and how the files of those without TensorFlow are opened."""

from __future__ import annotations

import importlib
from os import PathLike
from pathlib import Path

from tfbert.export.loaded_model import LoadedModel

SAVED_MODEL, SERVING, LITERT, ONNX = "tf_saved_model", "serving", "litert", "onnx"
FORMATS = (SAVED_MODEL, SERVING, LITERT, ONNX)
FILE_FORMATS = {".tflite": LITERT, ".onnx": ONNX}
SUFFIXES = {form: suffix for suffix, form in FILE_FORMATS.items()}
PRECISIONS = ("float32", "float16", "dynamic_int8", "full_int8")
INPUTS = ("text", "ids")


def is_exported_file(path: str | PathLike) -> bool:
    """Whether a path is that of a LiteRT or an ONNX file."""
    return Path(path).suffix in FILE_FORMATS and Path(path).expanduser().is_file()


def open_file(path: str | PathLike, threads: int | None = None) -> LoadedModel:
    """Open a LiteRT or an ONNX file of a task, by the ending of its name.

    Args:
        path: Path of the file.
        threads: int or None, default None. Cores that an answer may use; None is the runtime's choice.

    Returns:
        A `LiteRTModel` or an `OnnxModel`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If its name has another ending, or it is none of tfbert's.
    """
    form = FILE_FORMATS.get(Path(path).suffix)
    if form is None:
        raise ValueError(f"An exported file ends in one of {sorted(FILE_FORMATS)}. Received: {str(path)!r}.")
    return importlib.import_module(f"tfbert.export.{form}").load(path, threads)


def size_of(path: str | PathLike) -> int:
    """Return the bytes of a file, or of all files of a folder.

    Args:
        path: Path of either.

    Returns:
        int.
    """
    path = Path(path)
    return path.stat().st_size if path.is_file() else sum(map(size_of, path.iterdir()))
