"""Serving: an embedded server that speaks TF Serving's REST and gRPC, and a client for it and for TF Serving."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfbert.serving.client.client import Client
    from tfbert.serving.server import Server
    from tfbert.serving.server_options import ServerOptions
    from tfbert.wire.status import ServingError

__all__ = ["Client", "Server", "ServerOptions", "ServingError"]

_HOMES = {
    "Client": "tfbert.serving.client.client",
    "Server": "tfbert.serving.server",
    "ServerOptions": "tfbert.serving.server_options",
    "ServingError": "tfbert.wire.status",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that the client imports no TensorFlow."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tfbert.serving' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
