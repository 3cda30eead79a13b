"""A protocol of uvicorn that slow clients, greedy ones, and too many of them, cannot hold up."""

from __future__ import annotations

import json
from typing import Any

from tfbert.optional import import_optional

MOST_HEAD_BYTES = 2**16  # of a head, or of anything else that is no body
MOST_PIPELINED = 64  # requests of a connection that wait for the one before
LEAST_RATE = 1024  # bytes a second that a client must take of what is sent to it
LARGE = 2**14  # bytes of an answer that the system may not take at once


def _refusal(line: bytes, text: str, *headers: bytes) -> bytes:
    body = json.dumps({"error": text}).encode()
    fields = [b"content-type: application/json", b"connection: close", b"content-length: %d" % len(body), *headers]
    return b"\r\n".join([b"HTTP/1.1 " + line, *fields, b"", body])


BUSY = _refusal(
    b"503 Service Unavailable",
    "The server has as many connections as it takes. Try again later.",
    b"retry-after: 1",
)
TOO_LARGE = _refusal(
    b"431 Request Header Fields Too Large", f"The head of a request must have at most {MOST_HEAD_BYTES} bytes."
)


def guarded_protocol(most_connections: int, seconds: float) -> Any:
    """Return a class of connections.

    Args:
        most_connections: int. Further ones are told that the server is busy, and closed.
        seconds: float. In which the head of a request must have come in, and between looks at how much of an answer
            was taken.

    Returns:
        A subclass of uvicorn's `HttpToolsProtocol`.
    """
    base = import_optional("uvicorn.protocols.http.httptools_impl").HttpToolsProtocol

    class GuardedProtocol(base):  # type: ignore[misc, valid-type]
        """A connection whose heads must come in time and be small, and whose answers must be taken."""

        head_timer: Any = None
        write_timer: Any = None
        unsent = 0  # bytes when the timer of writing was set
        loose = 0  # bytes that came since a head or a part of a body was whole

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > most_connections:
                transport.write(BUSY)
                self._leave()
            else:
                self._expect_head()

        def data_received(self, data: bytes) -> None:
            if self.cycle is None or self.cycle.response_complete:
                self._expect_head()  # of the next request of this connection
            if self.transport.is_closing():
                return
            self.loose += len(data)
            super().data_received(data)
            if self.loose > MOST_HEAD_BYTES or len(self.pipeline) > MOST_PIPELINED:
                self._refuse_head()

        def on_message_begin(self) -> None:
            self._expect_head()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self.loose = 0
            self._forget_head()
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self.loose = 0
            super().on_body(body)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.transport.is_closing() or self.transport.get_write_buffer_size() > LARGE:
                self._expect_taking()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._expect_taking()

        def timeout_keep_alive_handler(self) -> None:
            self._leave()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget_head()
            if self.write_timer is not None:
                self.write_timer.cancel()
            super().connection_lost(exc)

        def _expect_head(self) -> None:
            if self.head_timer is None:
                self.head_timer = self.loop.call_later(seconds, self._leave)

        def _forget_head(self) -> None:
            if self.head_timer is not None:
                self.head_timer.cancel()
                self.head_timer = None

        def _refuse_head(self) -> None:
            if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
                self.transport.write(TOO_LARGE)
                self._leave()
            else:
                self.transport.abort()

        def _expect_taking(self) -> None:
            """Look again and again whether the client takes what is sent, until it has."""
            if self.write_timer is None:
                self.unsent = self.transport.get_write_buffer_size()
                self.write_timer = self.loop.call_later(seconds, self._look_at_taking)

        def _look_at_taking(self) -> None:
            self.write_timer = None
            left = self.transport.get_write_buffer_size()
            if left and left > self.unsent - LEAST_RATE * seconds:
                self.transport.abort()
            elif left:
                self._expect_taking()

        def _leave(self) -> None:
            """Close, without a word that the client must hear."""
            self.transport.close()
            self._expect_taking()

    return GuardedProtocol
