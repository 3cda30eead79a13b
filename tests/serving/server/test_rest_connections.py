"""Connections that are slow, greedy or false, against the HTTP server with an application of two answers."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time

import pytest
import uvloop

from tests.serving.certificate import make_certificate
from tfbert.serving.rest.rest_server import RestServer
from tfbert.serving.server_options import ServerOptions

LARGE = 20_000_000


async def app(scope, receive, send):
    """Answer /large with 20 MB, all else with two bytes, once the body is there."""
    while (event := await receive())["type"] == "http.request" and event.get("more_body"):
        pass
    body = b"x" * (LARGE if scope["path"] == "/large" else 2)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def serving(**options):
    """A server in a thread."""
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = RestServer(app, ServerOptions(rest_port=0, grpc_port=None, body_timeout=0.3, **options))
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(1), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


def connected(server, sent=b""):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(sent)
    return connection


def count(server):
    return len(server._server.server_state.connections)


def wait_until_left(server, seconds=5):
    end = time.monotonic() + seconds
    while count(server) and time.monotonic() < end:
        time.sleep(0.02)
    assert count(server) == 0


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",  # whose trailers never end
    ],
)
@pytest.mark.parametrize("line", [b"x: y\r\n", b"x" * 1000])
def test_a_head_that_does_not_end_is_refused(server, head, line):
    with connected(server, head) as connection:
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 20_000_000:
                connection.sendall(line * 1000)
                sent += 1000 * len(line)
        assert sent < 10_000_000  # what the system keeps between the two
        with contextlib.suppress(ConnectionError):
            assert connection.recv(100)[9:12] in (b"431", b"400", b"200", b"")
    wait_until_left(server)


def test_a_head_of_usual_size_and_a_body_in_small_chunks_are_taken(server):
    with connected(server, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 30_000 + b"\r\n\r\n") as connection:
        assert connection.recv(100)[9:12] == b"200"
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 30_000)
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(100)[9:12] == b"200"


@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n"])
def test_a_client_that_does_not_read_is_left(server, header):
    with connected(server, b"GET /large HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n"):
        time.sleep(0.1)
        assert count(server) == 1
        wait_until_left(server)


def test_a_client_that_reads_slowly_gets_it_all(server):
    with connected(server, b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") as connection:
        received = 0
        while part := connection.recv(2**20):
            received += len(part)
            time.sleep(0.02)
    assert received > LARGE


def test_a_handshake_that_does_not_come_is_given_up(tmp_path):
    certificate, key = make_certificate(tmp_path)
    with serving(tls_certificate=certificate, tls_key=key) as server:
        with connected(server) as connection:
            started = time.monotonic()
            assert connection.recv(1) == b""
            assert time.monotonic() - started < 3
        trusting = ssl.create_default_context(cafile=certificate)
        with trusting.wrap_socket(connected(server), server_hostname="127.0.0.1") as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(100)[9:12] == b"200"
