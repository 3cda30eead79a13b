"""Libraries that not every installation has."""

from __future__ import annotations

import importlib
from typing import Any

EXTRAS = {
    extra: libraries.split()
    for extra, libraries in {
        "client": "google grpc urllib3",
        "litert": "ai_edge_litert",
        "onnx": "onnx onnxruntime onnxruntime_extensions tf2onnx",
        "ray": "ray",
        "serving": "grpc_health httptools prometheus_client starlette uvicorn uvloop",
        "spark": "pyspark pandas pyarrow",
    }.items()
}


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
        extra = next(extra for extra, libraries in EXTRAS.items() if library in libraries)
        raise ImportError(f'{library} is missing. Run `pip install "tfbert-keras[{extra}]"`.') from error
