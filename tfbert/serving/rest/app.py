"""The REST API as an ASGI application: which path is answered by what."""

from __future__ import annotations

from typing import Any

from tfbert.optional import import_optional
from tfbert.serving.access import Access
from tfbert.serving.answering import Answering
from tfbert.serving.asked import Asked, Recorder
from tfbert.serving.page.page_files import page_file
from tfbert.serving.rest.endpoint import Endpoint, Handle
from tfbert.serving.rest.exchange import Answer, Exchange
from tfbert.serving.rest.model_routes import ModelRoutes
from tfbert.serving.rest.server_routes import ServerRoutes
from tfbert.serving.server_options import ServerOptions
from tfbert.wire.status import ServingError, Status

MODEL = "/v1/models/{name}"
OF_VERSION = ("", "/versions/{version}", "/labels/{label}")


def make_app(answering: Answering, access: Access, recorder: Recorder, options: ServerOptions) -> Any:
    """Return the application.

    Args:
        answering: `Answering`.
        access: `Access`.
        recorder: `Recorder`.
        options: `ServerOptions`.

    Returns:
        A `starlette.routing.Router`: no middleware stands between the server and an endpoint.
    """
    routing = import_optional("starlette.routing")
    of_models, of_server = ModelRoutes(answering), ServerRoutes(answering, recorder.metrics)

    def route(path: str, handle: Handle, method: str = "GET", is_open: bool = False, is_noted: bool = True) -> Any:
        gate = None if is_open else access
        return routing.Route(path, Endpoint(handle, gate, recorder, options, answering.budget, method, is_noted))

    routes = [route(f"{MODEL}{part}:{{verb}}", of_models.ask, "POST") for part in OF_VERSION]
    routes += [route(f"{MODEL}{part}", of_models.status) for part in OF_VERSION]
    routes += [route(f"{MODEL}{part}/metadata", of_models.metadata) for part in OF_VERSION]
    routes += [
        route("/v1/models", of_server.models),
        route("/healthz", of_server.alive, is_open=True, is_noted=False),
        route("/readyz", of_server.ready, is_open=True, is_noted=False),
        route("/monitoring/prometheus/metrics", of_server.metrics, is_noted=False),
        route("/", _page, is_open=True, is_noted=False),
        route("/page/{file}", _page, is_open=True, is_noted=False),
    ]
    unknown = Endpoint(of_server.unknown, access, recorder, options, answering.budget)
    return routing.Router(routes, redirect_slashes=False, default=unknown)


async def _page(exchange: Exchange, body: bytes, asked: Asked) -> Answer:
    """Answer GET / and /page/…: the page's own files."""
    found = page_file(exchange.scope["path"])
    if found is None:
        raise ServingError(Status.NOT_FOUND, "The page has no such file.")
    headers = {name.lower().encode(): value.encode() for name, value in found.headers.items()}
    kind = headers.pop(b"content-type")
    return Answer(found.body, kind=kind, headers=tuple(headers.items()))
