"""Endpoint: a path of the REST API as an ASGI application."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from tfbert.serving.access import Access
from tfbert.serving.asked import Asked, Recorder
from tfbert.serving.budget import Budget, Share
from tfbert.serving.rest.exchange import Answer, ClientGone, Exchange, Receive, Send
from tfbert.serving.server_options import ServerOptions
from tfbert.wire.status import ServingError, Status

Handle = Callable[[Exchange, bytes, Asked], Awaitable[Answer]]


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """Answers one kind of request; whatever goes wrong is answered as JSON, `{"error": ...}`.

    Args:
        handle: Coroutine function of the `Exchange`, the body and what is noted of it.
        access: `Access`, or None where everyone may ask.
        recorder: `Recorder`.
        options: `ServerOptions`.
        budget: `Budget` of the bytes of requests.
        method: str, default "GET". HEAD goes with it.
        is_noted: bool, default True. Whether requests are counted and logged.
    """

    handle: Handle
    access: Access | None
    recorder: Recorder
    options: ServerOptions
    budget: Budget
    method: str = "GET"
    is_noted: bool = True

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request of ASGI."""
        exchange, asked = Exchange(scope, receive, send), Asked("rest")
        status: Status | None = None
        try:
            answer = await self._answer(exchange, asked)
        except ClientGone:
            self._note(asked, Status.CANCELLED)
            return
        except asyncio.CancelledError:
            self._note(asked, Status.CANCELLED)
            raise
        except Exception as error:
            found = self.recorder.as_serving_error(error)
            status, answer = found.status, Answer.of_error(found, asked.http)
        self._note(asked, status)
        await exchange.respond(answer)

    async def _answer(self, exchange: Exchange, asked: Asked) -> Answer:
        if exchange.method != self.method and (exchange.method, self.method) != ("HEAD", "GET"):
            asked.http = 405
            raise ServingError(Status.UNIMPLEMENTED, f"This path takes {self.method}. Received: {exchange.method}.")
        if self.access is not None:
            self.access.check(exchange.header(b"authorization"))
        if self.method == "GET":
            return await self.handle(exchange, b"", asked)
        with self.budget.share() as share:
            body = await self._body(exchange, asked, share)
            return await exchange.while_connected(self.handle(exchange, body, asked))  # type: ignore[arg-type]

    async def _body(self, exchange: Exchange, asked: Asked, share: Share) -> bytes:
        try:
            body = await exchange.body(self.options.max_request_bytes, self.options.body_timeout, share)
        except ServingError as error:
            if error.status is Status.DEADLINE_EXCEEDED:
                asked.http = 408
            elif error.retry_after is None:
                asked.http = 413
            raise
        asked.size = len(body)
        return body

    def _note(self, asked: Asked, status: Status | None) -> None:
        if self.is_noted:
            self.recorder.answered(asked, status)
