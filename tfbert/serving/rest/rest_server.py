"""RestServer: the REST API on a port, by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

from tfbert.optional import import_optional
from tfbert.serving.rest.guarded_protocol import guarded_protocol
from tfbert.serving.server_options import ServerOptions

BACKLOG = 1024  # connections that the system keeps until they are taken
IDLE_SECONDS = 75  # that a connection is kept between two requests

GOODBYE_SECONDS = 0.5  # that clients have to close their side, too


class RestServer:
    """An HTTP server on the running event loop.

    Args:
        app: ASGI application.
        options: `ServerOptions`; its `rest_port` is no None.
    """

    def __init__(self, app: Any, options: ServerOptions):
        self._app, self._options = app, options
        self._serving: asyncio.Task | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: If the port is taken.
        """
        options, uvicorn = self._options, import_optional("uvicorn")
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # requests are noted by their endpoints
        self._socket = _listening(options.host, options.rest_port)
        self.port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http=guarded_protocol(options.max_connections, options.body_timeout),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=IDLE_SECONDS,
            ssl_certfile=options.tls_certificate,
            ssl_keyfile=options.tls_key,
        )
        self._server = _unsignalled(uvicorn)(config)
        self._serving = asyncio.get_running_loop().create_task(self._server.serve([self._socket]))
        while not self._server.started and not self._serving.done():
            await asyncio.sleep(0.005)
        if self._serving.done():
            await self._serving  # raises what went wrong

    async def stop(self, seconds: float) -> None:
        """Take no new connections; give the requests that are being answered some seconds."""
        if self._serving is not None:
            self._server.config.timeout_graceful_shutdown = seconds
            self._server.should_exit = True
            while not self._serving.done():
                await asyncio.wait([self._serving], timeout=GOODBYE_SECONDS)
                self._leave_idle()

    def _leave_idle(self) -> None:
        """Close connections that say no goodbye, as TLS would have it, once all is answered and sent."""
        state = self._server.server_state
        if not state.tasks:
            for connection in list(state.connections):
                if not connection.transport.get_write_buffer_size():
                    connection.transport.abort()


def _unsignalled(uvicorn: Any) -> Any:
    """Uvicorn's server, without handlers of signals: those are the whole server's."""

    class UnsignalledServer(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return UnsignalledServer


def _listening(host: str, port: int | None) -> socket.socket:
    """A socket that listens, on a port that no one else has."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        found = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise OSError(f"`host` must be an address of this machine. Received: {host!r} ({error}).") from error
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # that of a server which was killed just now
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise OSError(f"REST cannot listen on {host}:{port}: {error.strerror}. Choose another --rest-port.") from error
    found.setblocking(False)
    return found
