"""A protocol of uvicorn that slow clients, and too many of them, cannot hold up."""

from __future__ import annotations

import json
from typing import Any

from tfbert.optional import import_optional

BUSY = json.dumps({"error": "The server has as many connections as it takes. Try again later."}).encode()
REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(BUSY), BUSY)
)


def guarded_protocol(most_connections: int, seconds: float) -> Any:
    """Return a class of connections.

    Args:
        most_connections: int. Further ones are told that the server is busy, and closed.
        seconds: float. In which the head of a request must have come in.

    Returns:
        A subclass of uvicorn's `HttpToolsProtocol`.
    """
    base = import_optional("uvicorn.protocols.http.httptools_impl").HttpToolsProtocol

    class GuardedProtocol(base):  # type: ignore[misc, valid-type]
        """A connection whose head must come in time."""

        head_timer: Any = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > most_connections:
                transport.write(REFUSAL)
                transport.close()
            else:
                self._expect_head()

        def data_received(self, data: bytes) -> None:
            if self.head_timer is None and (self.cycle is None or self.cycle.response_complete):
                self._expect_head()  # of the next request of this connection
            if not self.transport.is_closing():
                super().data_received(data)

        def on_headers_complete(self) -> None:
            self._forget_head()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget_head()
            super().connection_lost(exc)

        def _expect_head(self) -> None:
            self.head_timer = self.loop.call_later(seconds, self.transport.close)

        def _forget_head(self) -> None:
            if self.head_timer is not None:
                self.head_timer.cancel()
                self.head_timer = None

    return GuardedProtocol
