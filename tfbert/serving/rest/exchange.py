"""Exchange: one request and its answer, over ASGI."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from tfbert.serving.budget import Share
from tfbert.wire.status import ServingError, Status

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
JSON = b"application/json"


class ClientGone(Exception):
    """The client closed the connection before it was answered."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What is sent back.

    Args:
        body: bytes.
        http: int, default 200. The HTTP status.
        kind: bytes. The content type.
        headers: tuple of pairs of bytes.
    """

    body: bytes
    http: int = 200
    kind: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def of_json(cls, value: Any, http: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
        """Return an answer of JSON; NaN and Infinity stand as they are, as in TF Serving."""
        return cls(json.dumps(value, ensure_ascii=False).encode("utf-8"), http, JSON, headers)

    @classmethod
    def of_error(cls, error: ServingError, http: int | None = None) -> Answer:
        """Return an answer that says what is wrong."""
        headers: list[tuple[bytes, bytes]] = []
        if error.retry_after is not None:
            headers.append((b"retry-after", b"%d" % max(1, round(error.retry_after))))
        if error.status in (Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED) or http == 413:
            headers.append((b"connection", b"close"))
        if error.status is Status.UNAUTHENTICATED:
            headers.append((b"www-authenticate", b"Bearer"))
        return cls.of_json({"error": error.message}, http or error.status.http, tuple(headers))


class Exchange:
    """One request.

    Args:
        scope: dict of ASGI.
        receive, send: Functions of ASGI.
    """

    def __init__(self, scope: dict[str, Any], receive: Receive, send: Send):
        self.scope, self._receive, self._send = scope, receive, send
        self.method: str = scope["method"]
        self.path_params: dict[str, str] = scope.get("path_params", {})

    def header(self, name: bytes) -> str | None:
        """Return the value of a header; its name is written small."""
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name), None)

    async def body(self, most: int, seconds: float, share: Share) -> bytes:
        """Return the body.

        Args:
            most: int. Bytes.
            seconds: float. In which it must have come in.
            share: `Share` of the bytes that all requests may have.

        Raises:
            ServingError: RESOURCE_EXHAUSTED if it is larger than `most` or than what is left for all requests,
            DEADLINE_EXCEEDED if it takes longer.
            ClientGone: If the client closed the connection.
        """
        announced = self.header(b"content-length")
        if announced is not None and announced.isdecimal() and int(announced) > most:
            raise self._too_large(most)
        try:
            async with asyncio.timeout(seconds):
                return await self._read(most, share)
        except TimeoutError as error:
            raise ServingError(
                Status.DEADLINE_EXCEEDED, f"The request did not come in within {seconds:g} seconds."
            ) from error

    async def _read(self, most: int, share: Share) -> bytes:
        parts, size = [], 0
        while True:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise ClientGone
            parts.append(event.get("body", b""))
            size += len(parts[-1])
            if size > most:
                raise self._too_large(most)
            share.take(len(parts[-1]))
            if not event.get("more_body"):
                return b"".join(parts)

    @staticmethod
    def _too_large(most: int) -> ServingError:
        return ServingError(
            Status.RESOURCE_EXHAUSTED, f"A request must have at most {most} bytes. Send the rows in several requests."
        )

    async def while_connected(self, answer: Coroutine[Any, Any, Answer]) -> Answer:
        """Return what a coroutine returns, or cancel it once the client is gone; after the body was read.

        Raises:
            ClientGone: If the client closed the connection.
        """
        task, gone = asyncio.current_task(), False

        def leave(watch: asyncio.Future) -> None:
            nonlocal gone
            if not watch.cancelled() and task is not None:
                gone = True
                task.cancel()

        watch = asyncio.ensure_future(self._receive())
        watch.add_done_callback(leave)
        try:
            return await answer
        except asyncio.CancelledError as error:
            if gone and task is not None:
                task.uncancel()
                raise ClientGone from error
            raise
        finally:
            watch.remove_done_callback(leave)
            watch.cancel()

    async def respond(self, answer: Answer) -> None:
        """Send an answer."""
        headers = [(b"content-type", answer.kind), (b"content-length", b"%d" % len(answer.body)), *answer.headers]
        await self._send({"type": "http.response.start", "status": answer.http, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else answer.body})
