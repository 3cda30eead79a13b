"""RestConnection: one client of a model server's REST API, with as little work of its own as can be."""

from __future__ import annotations

import asyncio
import json
import urllib.parse

SECONDS = 60  # until a request is lost


class RestConnection(asyncio.Protocol):
    """A kept-alive connection that asks one text at a time.

    Args:
        url: str. Such as "http://127.0.0.1:8501".
        model: str. The model's name.
    """

    def __init__(self, url: str, model: str):
        self._address = urllib.parse.urlsplit(url)
        self._head = f"POST /v1/models/{model}:predict HTTP/1.1\r\nHost: {self._address.netloc}\r\n".encode()
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None

    async def open(self) -> None:
        """Connect."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, self._address.hostname, self._address.port)

    @staticmethod
    def request(text: str) -> bytes:
        """Return the body that asks a text."""
        return json.dumps({"instances": [text]}).encode()

    async def ask(self, body: bytes) -> bytes:
        """Send a body, over a new connection where the server closed the last one; return that of the answer.

        Raises:
            ConnectionError: If the connection breaks or the status is not 200.
            TimeoutError: If there is no answer in time.
        """
        if self._transport.is_closing():
            await self.open()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(b"%bContent-Length: %d\r\n\r\n%b" % (self._head, len(body), body))
        try:
            return await asyncio.wait_for(self._answer, SECONDS)
        except TimeoutError:
            self._transport.abort()  # what comes late is no answer to the next request
            raise

    @staticmethod
    def read(answer: bytes) -> tuple[str, float]:
        """Return the label and the score in an answer."""
        (row,) = json.loads(answer)["predictions"]
        return row["label"], row["score"]

    def close(self) -> None:
        """Disconnect."""
        self._transport.close()

    # === asyncio.Protocol ===

    def connection_made(self, transport):
        self._transport, self._received = transport, bytearray()

    def data_received(self, data):
        self._received += data
        head, mark, body = self._received.partition(b"\r\n\r\n")
        if not mark:
            return
        lower = head.lower()
        at = lower.index(b"content-length:") + len(b"content-length:")
        if len(body) < int(lower[at:].split(b"\r\n", 1)[0]):
            return
        self._received = bytearray()
        if head.split(b" ", 2)[1] == b"200":
            self._answer.set_result(bytes(body))
        else:
            self._answer.set_exception(ConnectionError(head.split(b"\r\n", 1)[0].decode()))

    def connection_lost(self, exc):
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("The server closed the connection."))
