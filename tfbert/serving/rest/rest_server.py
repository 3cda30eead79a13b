"""RestServer: the REST API on a port, by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import socket
from collections.abc import Iterator
from typing import Any

from tfbert.optional import import_optional
from tfbert.serving.rest.guarded_protocol import guarded_protocol
from tfbert.serving.server_options import ServerOptions

BACKLOG = 1024  # connections that the system keeps until they are taken
IDLE_SECONDS = 75  # that a connection is kept between two requests
LINGER_SECONDS, LOOK_SECONDS = 1.0, 0.05  # how long, after the port is closed, requests on their way are told so
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
        self._server = _listener(uvicorn, options.body_timeout)(config)
        self._serving = asyncio.get_running_loop().create_task(self._server.serve([self._socket]))
        while not self._server.started and not self._serving.done():
            await asyncio.sleep(0.005)
        if self._serving.done():
            await self._serving  # raises what went wrong

    async def stop(self, seconds: float) -> None:
        """Take no new connections; give the requests that are being answered some seconds."""
        if self._serving is not None:
            self._close_port()
            await self._linger(min(LINGER_SECONDS, seconds))
            self._server.config.timeout_graceful_shutdown = seconds
            self._server.should_exit = True
            while not self._serving.done():
                await asyncio.wait([self._serving], timeout=GOODBYE_SECONDS)
                self._leave_idle()

    async def _linger(self, seconds: float) -> None:
        """Let clients leave: answers that are under way say that they are a connection's last, as refusals do."""
        connections = self._server.server_state.connections
        for connection in connections:
            if connection.cycle is not None:
                connection.cycle.keep_alive = False
        end = asyncio.get_running_loop().time() + seconds
        while connections and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(LOOK_SECONDS)

    def _close_port(self) -> None:
        self._socket.close()
        for server in self._server.servers:
            server.close()

    def _leave_idle(self) -> None:
        """Close connections that say no goodbye, as TLS would have it, once all is answered and sent."""
        state = self._server.server_state
        if not state.tasks:
            for connection in list(state.connections):
                if not connection.transport.get_write_buffer_size():
                    connection.transport.abort()


def _listener(uvicorn: Any, seconds: float) -> Any:
    """Uvicorn's server, without handlers of signals, which are the whole server's, and with a limit on TLS."""

    class Listener(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            config, loop = self.config, asyncio.get_running_loop()
            make = functools.partial(config.http_protocol_class, config, self.server_state, self.lifespan.state)
            limits: dict[str, Any] = (
                {} if config.ssl is None else {"ssl_handshake_timeout": seconds, "ssl_shutdown_timeout": seconds}
            )
            self.servers = [
                await loop.create_server(make, sock=found, ssl=config.ssl, backlog=BACKLOG, **limits)
                for found in sockets or ()
            ]
            self.started = True

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Listener


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
