"""The ops of tensorflow-text that a LiteRT file needs, without TensorFlow's Python."""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# By the names in the file: what an app in C++, Kotlin or Swift links beside the built-in ops.
REGISTRARS = {
    "FastBertNormalize": "AddFastBertNormalize",
    "FastWordpieceTokenizeWithOffsets": "AddFastWordpieceTokenize",
}


@functools.cache
def text_op_registerers() -> list[Callable[[Any], None]]:
    """Return what adds the ops to an interpreter, for `InterpreterWithCustomOps`.

    Importing the package tensorflow_text would import TensorFlow, which takes seconds; its one shared library does not.

    Returns:
        A list of functions.

    Raises:
        ImportError: If tensorflow-text or TensorFlow's shared library is not installed.
    """
    module = sys.modules.get("tensorflow_text.core.pybinds.tflite_registrar") or _load_registrar()
    return [getattr(module, name) for name in REGISTRARS.values()]


def _load_registrar() -> Any:
    framework = next(_package("tensorflow").glob("libtensorflow_framework.*"), None)
    library = next((_package("tensorflow_text") / "core" / "pybinds").glob("tflite_registrar.*so"), None)
    if framework is None or library is None:
        raise ImportError(
            "The text ops of LiteRT lie in tensorflow-text, which needs TensorFlow's shared library, and one of the "
            "two is not there. Run `pip install 'tensorflow-text>=2.21,<2.22'`."
        )
    ctypes.CDLL(str(framework))  # with global symbols its BoringSSL would hide the OpenSSL of `hashlib` and `ssl`
    spec = importlib.util.spec_from_file_location("tflite_registrar", library)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"LiteRT files that take text need {name}, which is not there. Run `pip install {name}`.")
    return Path(next(iter(spec.submodule_search_locations)))
