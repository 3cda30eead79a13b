"""Servers that are full, slow, away or wrong."""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving.client.scripted import Script, response, scripted_grpc, scripted_rest
from tfbert.serving import Client, ServingError
from tfbert.wire.status import Status

FULL = response(429, {"error": "The queue is full."})
BUSY = response(503, {"error": "Not now."}, "Retry-After: 1")


@contextlib.contextmanager
def rest_client(*steps, **options):
    script = Script(*steps)
    with scripted_rest(script) as address, Client(address, model="tiny", **options) as client:
        yield client, script


@contextlib.contextmanager
def grpc_client(*steps, **options):
    script = Script(*steps)
    with scripted_grpc(script) as address, Client(address, model="tiny", **options) as client:
        yield client, script


def broken_off(handler):
    handler.wfile.write(b"HTTP/1.1 200 -\r\nContent-Length: 1000\r\n\r\n{")


def vanished(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)


def silent(handler):
    time.sleep(3)


def dripping(handler):
    handler.wfile.write(b"HTTP/1.1 200 -\r\nContent-Length: 1000\r\n\r\n")
    with contextlib.suppress(OSError):  # the client goes
        for _ in range(30):
            handler.wfile.write(b" ")
            time.sleep(0.1)


@pytest.mark.parametrize("step", [FULL, BUSY, broken_off, vanished], ids=["429", "503", "broken off", "vanished"])
def test_rest_tries_again(step):
    with rest_client(step) as (client, script):
        assert client.predict("Anna")["label"].tolist() == ["Anna"]
    assert len(script.requests) == 2
    pause = script.requests[1] - script.requests[0]
    assert pause >= (1 if step is BUSY else 0.05), "Retry-After is waited for"


@pytest.mark.parametrize("status", [Status.UNAVAILABLE, Status.RESOURCE_EXHAUSTED, Status.CANCELLED])
def test_grpc_tries_again(status):
    with grpc_client(status, status) as (client, script):
        assert client.predict("Anna")["label"].tolist() == ["Anna"]
    assert len(script.requests) == 3
    assert script.requests[2] - script.requests[1] > 0.1, "pauses grow"


def test_a_message_that_is_too_large_is_not_sent_again(monkeypatch):
    with grpc_client() as (client, script):
        client.metadata()
        tries = []
        send = client._channel.predict
        monkeypatch.setattr(client._channel, "predict", lambda *given: tries.append(1) or send(*given))
        with pytest.raises(ServingError, match=r"RESOURCE_EXHAUSTED.*larger than max.*smaller ones"):
            client.predict("x" * 2**23)  # the server takes 4 MB
    assert (len(tries), script.requests) == (1, [])


def test_an_answer_that_is_too_large_is_not_asked_for_again():
    refused = response(429, {"error": "RESOURCE_EXHAUSTED: The answer is larger than max_answer_bytes, 100."})
    with rest_client(*[refused] * 9, retries=2) as (client, script):
        with pytest.raises(ServingError, match=r"RESOURCE_EXHAUSTED.*larger than max_answer_bytes"):
            client.predict("Anna")
        assert len(script.requests) == 1


def test_tries_are_counted():
    with rest_client(*[FULL] * 9, retries=2) as (client, script):
        with pytest.raises(ServingError, match=r"RESOURCE_EXHAUSTED.*queue is full"):
            client.predict("Anna")
        assert len(script.requests) == 3


def test_a_pause_beyond_the_deadline_is_not_waited_for():
    with rest_client(response(503, {}, "Retry-After: 60"), timeout=5.0) as (client, _):
        start = time.monotonic()
        with pytest.raises(ServingError, match="UNAVAILABLE"):
            client.predict("Anna")
        assert time.monotonic() - start < 1


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
def test_what_is_wrong_is_not_sent_again(status):
    with rest_client(response(status, {"error": "No."})) as (client, script):
        with pytest.raises(ServingError, match=r"model 'tiny': No\.") as caught:
            client.predict("Anna")
        assert caught.value.status is Status.of_http(status)
        assert "Anna" not in str(caught.value)
    assert len(script.requests) == 1


@pytest.mark.parametrize("step", [silent, dripping])
def test_rest_deadline_is_kept(step):
    with rest_client(step, timeout=0.5) as (client, _):
        client.metadata()
        start = time.monotonic()
        with pytest.raises(ServingError, match=r"DEADLINE_EXCEEDED.*Give more time"):
            client.predict("Anna")
        assert 0.4 < time.monotonic() - start < 1.0


def test_grpc_deadline_is_kept():
    with grpc_client(lambda answer: time.sleep(1), timeout=0.3) as (client, _):
        client.metadata()
        start = time.monotonic()
        with pytest.raises(ServingError, match=r"DEADLINE_EXCEEDED.*Give more time"):
            client.predict("Anna")
        assert time.monotonic() - start < 0.8


GARBAGE = {
    "html": response(200, b"<html>hello</html>", "Content-Type: text/html"),
    "no utf-8": response(200, b"\xff\xfe"),
    "list": response(200, [1, 2]),
    "no outputs": response(200, {"predictions": ["a"]}),
    "other names": response(200, {"outputs": {"score": [1.0]}}),
    "rows missing": response(200, {"outputs": []}),
    "too many rows": response(200, {"outputs": ["a", "b"]}),
    "numbers": response(200, {"outputs": [1.5]}),
    "ragged": response(200, {"outputs": [["a"], ["a", "b"]]}),
    "null": response(200, {"outputs": None}),
    "nested": response(200, b'{"outputs":' + b"[" * 70 + b'"a"' + b"]" * 70 + b"}"),
    "deep": response(200, b'{"outputs":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
}


@pytest.mark.parametrize("step", GARBAGE.values(), ids=GARBAGE)
def test_wrong_answers_are_no_answers(step):
    with rest_client(step) as (client, script):
        with pytest.raises(ServingError, match=r"INTERNAL: http://.*answer") as caught:
            client.predict("Anna")
        assert "Anna" not in str(caught.value)
        assert len(script.requests) == 1
        assert client.predict("Bob")["label"].tolist() == ["Bob"]


def no_outputs(answer):
    answer.outputs.clear()


def no_values(answer):
    answer.outputs["label"].ClearField("string_val")


def one_more(answer):
    answer.outputs["more"].CopyFrom(answer.outputs["label"])


def nested(answer):
    answer.outputs["label"].tensor_shape.CopyFrom(type(answer.outputs["label"].tensor_shape)(dim=[{"size": 1}] * 70))


@pytest.mark.parametrize("step", [no_outputs, no_values, one_more, nested])
def test_wrong_grpc_answers_are_no_answers(step):
    with grpc_client(step) as (client, _):
        with pytest.raises(ServingError, match=r"INTERNAL: grpc://.*answer"):
            client.predict("Anna")
        assert client.predict("Bob")["label"].tolist() == ["Bob"]


@pytest.mark.parametrize("metadata", [{}, {"metadata": 3}, {"metadata": {"signature_def": {"signature_def": [1]}}}])
def test_wrong_metadata_is_refused(metadata, monkeypatch):
    monkeypatch.setattr("tests.serving.client.scripted.METADATA", metadata)
    with rest_client() as (client, _), pytest.raises(ServingError, match=r"NOT_FOUND|INTERNAL"):
        client.predict("Anna")


@pytest.mark.parametrize("serve", [scripted_rest, scripted_grpc])
def test_a_server_that_comes_back_is_asked_again(serve):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Script()
    with contextlib.ExitStack() as servers:
        with serve(script, port) as address:
            client = servers.enter_context(Client(address, model="tiny", retries=8))
            assert client.predict("Anna")["label"].tolist() == ["Anna"]
        timer = threading.Timer(0.7, lambda: servers.enter_context(serve(script, port)))
        timer.start()
        assert client.predict("Bob")["label"].tolist() == ["Bob"]
        timer.join()


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_nobody_there(scheme):
    with (
        Client(f"{scheme}://127.0.0.1:9", model="tiny", retries=0) as client,
        pytest.raises(ServingError, match=rf"UNAVAILABLE: {scheme}://127.0.0.1:9, model 'tiny'.*tfbert serve DIR"),
    ):
        client.predict("Anna")


def test_a_grpc_address_asked_by_rest_is_told():
    with (
        scripted_grpc(Script()) as address,
        Client(address.replace("grpc", "http"), model="tiny", retries=0) as client,
        pytest.raises(ServingError, match=r"UNAVAILABLE|INTERNAL"),
    ):
        client.predict("Anna")


def test_a_call_ends_when_its_client_is_closed():
    with grpc_client(lambda answer: time.sleep(1)) as (client, script), ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.predict, "Anna")
        while not script.requests:
            time.sleep(0.01)
        client.close()
        with pytest.raises(ValueError, match="This client is closed"):
            call.result(timeout=0.8)


@pytest.mark.parametrize("make", [rest_client, grpc_client])
def test_the_token_is_sent(make):
    with make(token="secret") as (client, script):
        client.predict("Anna")
        assert {name.lower(): value for name, value in script.headers.items()}["authorization"] == "Bearer secret"
        assert "secret" not in repr(client)


@pytest.mark.parametrize("make", [rest_client, grpc_client])
def test_threads_share_a_client(make):
    with make(batch_size=2) as (client, script), ThreadPoolExecutor(16) as pool:
        texts = [[f"{thread} {row}" for row in range(5)] for thread in range(64)]
        answers = pool.map(lambda rows: client.predict(rows)["label"].tolist(), texts)
        assert list(answers) == texts
    assert len(script.requests) == 64 * 3


def test_one_failed_request_fails_the_call_and_drops_the_rest():
    with rest_client(*[FULL] * 1, response(400, {"error": "Too long."}), batch_size=1) as (client, script):
        with pytest.raises(ServingError, match="INVALID_ARGUMENT"):
            client.predict([f"text {row}" for row in range(500)])
        assert len(script.requests) < 100


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"url": "localhost:8501"}, "`url` must be"),
        ({"url": "http://user:word@a:1"}, "A token is given as `token`"),
        ({"url": "grpc://a"}, "has a port and no path"),
        ({"url": "http://a:port"}, "`url` must be"),
        ({"url": None}, "`url` must be"),
        ({"model": ""}, "`model` must be"),
        ({"version": 1, "label": "stable"}, "both name a version"),
        ({"version": -1}, "`version` must be"),
        ({"label": ""}, "`label` must be"),
        ({"timeout": 0}, "`timeout` must be"),
        ({"retries": -1}, "`retries` must be"),
        ({"in_flight": 0}, "`in_flight` must be"),
        ({"batch_size": 0}, "`batch_size` must be"),
        ({"signature": ""}, "`signature` must be"),
        ({"task": "poetry"}, "Unknown task 'poetry'"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        Client(**{"url": "http://127.0.0.1:1", "model": "tiny", **arguments})


@pytest.mark.parametrize("scheme", ["https", "grpcs"])
def test_a_missing_certificate_is_told_at_once(scheme, tmp_path):
    with pytest.raises(FileNotFoundError, match="`ca_certificate` must be a PEM file"):
        Client(f"{scheme}://127.0.0.1:1", model="tiny", ca_certificate=tmp_path / "none.pem")
    with pytest.raises(ValueError, match="goes with an address by TLS"):
        Client("http://127.0.0.1:1", model="tiny", ca_certificate=tmp_path / "none.pem")


def test_names_are_quoted_in_addresses():
    with rest_client() as (client, _):
        other = Client(client.where.split(",")[0], model="a/b ?é", label="stable")
        assert other._channel._url.endswith("/v1/models/a%2Fb%20%3F%C3%A9/labels/stable")
