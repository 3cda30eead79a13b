"""What the server refuses: too much, too long, too slow, without the token; and TLS."""

import contextlib
import io
import json
import re
import socket
import ssl
import time

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.serving.certificate import make_certificate
from tests.serving.server.test_rpc import predict_request
from tfbert.serving import Server, ServerOptions
from tfbert.serving.answering import _model_error
from tfbert.serving.budget import Budget
from tfbert.serving.input_checks import InputChecks
from tfbert.serving.models.served_signature import ServedSignature
from tfbert.serving.request_log import RequestLog
from tfbert.serving.rpc.rpc_server import CONNECTIONS
from tfbert.wire.messages import message
from tfbert.wire.status import ServingError, Status

SECRET = "my very secret text of the day"


@pytest.fixture(scope="module")
def small(bundle, make_server):
    """A server with small limits, and its log."""
    log = io.StringIO()
    options = {"max_request_bytes": 4000, "max_text_bytes": 100, "max_rows": 5, "body_timeout": 0.5}
    limits = {**options, "max_connections": 8, "log_requests": True}
    with make_server(bundle, RequestLog(True, stream=log), **limits).in_thread() as server:
        yield server, log


def test_too_large_requests_are_refused(small, rest_of, rpc_of):
    rest, rpc = rest_of(small[0].rest_url), rpc_of(small[0].grpc_address)
    status, answer = rest.predict("a" * 5000)
    assert (status, "at most 4000 bytes" in answer["error"]) == (413, True)
    assert rpc.refusal("Predict", predict_request(["a" * 9000]))[0] == "RESOURCE_EXHAUSTED"
    long = ["a", "é" * 51]
    status, answer = rest.predict(*long)
    assert (status, "'text', row 1: a text must have at most 100 bytes. Received: 102" in answer["error"]) == (
        400,
        True,
    )
    assert rpc.refusal("Predict", predict_request(long)) == ("INVALID_ARGUMENT", answer["error"])
    status, answer = rest.predict(*"abcdef")
    assert (status, "1 to 5 rows. Received: 6" in answer["error"]) == (400, True)
    assert rpc.refusal("Predict", predict_request(list("abcdef"))) == ("INVALID_ARGUMENT", answer["error"])
    assert rest.predict("a" * 100)[0] == 200


def test_a_body_without_a_length_is_limited_too(small, rest_of):
    rest = rest_of(small[0].rest_url)
    chunks = (b"a" * 1000 for _ in range(20))
    assert rest.pool.request("POST", f"{rest.url}/v1/models/tiny:predict", body=chunks).status == 413


def raw(server):
    host, port = server.rest_url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /v1/models/tiny:predict HTTP/1.1\r\nContent-Length: 30\r\n\r\n{", b"408"),
        (b"POST /v1/models/tiny:pre", b""),
        (b"", b""),
    ],
)
def test_slow_clients_are_sent_away(small, sent, status):
    with raw(small[0]) as connection:
        connection.sendall(sent)
        started = time.perf_counter()
        received = connection.makefile("rb").read()
        assert time.perf_counter() - started < 5
        assert received[9:12] == status


def test_no_more_connections_than_allowed(small, rest_of):
    connections = [raw(small[0]) for _ in range(8)]
    try:
        with raw(small[0]) as last:
            assert last.makefile("rb").readline() == b"HTTP/1.1 503 Service Unavailable\r\n"
    finally:
        for connection in connections:
            connection.close()
    for _ in range(100):
        status = rest_of(small[0].rest_url).get("/healthz")[0]
        if status == 200:
            break
        time.sleep(0.05)
    assert status == 200


def test_the_log_has_a_line_for_each_request_and_no_text(small, rest_of, rpc_of):
    server, log = small
    rest, rpc = rest_of(server.rest_url), rpc_of(server.grpc_address)
    log.truncate(log.seek(0))
    rest.predict(SECRET)
    rest.post("/v1/models/tiny:predict", {"instances": [SECRET * 9]})
    rest.post("/v1/models/tiny:predict", {SECRET: SECRET})
    rest.post(f"/v1/models/{SECRET}:predict", {"instances": [SECRET]})
    rpc.call("Predict", predict_request([SECRET]))
    rpc.refusal("Predict", predict_request([SECRET * 9]))
    rpc.refusal("Predict", predict_request([SECRET], name=SECRET))
    time.sleep(0.2)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    found = [(line["protocol"], line["status"], line["rows"]) for line in lines if line["event"] == "request"]
    assert found == [
        ("rest", "OK", 1),
        ("rest", "INVALID_ARGUMENT", 0),
        ("rest", "INVALID_ARGUMENT", 0),
        ("rest", "NOT_FOUND", 0),
        ("grpc", "OK", 1),
        ("grpc", "INVALID_ARGUMENT", 0),
        ("grpc", "NOT_FOUND", 0),
    ]
    assert {"time", "level", "model", "version", "signature", "bytes", "milliseconds"} <= set(lines[0])
    assert SECRET not in log.getvalue()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.slow
def test_tls_and_token_on_both_ports(bundle, make_server, certificate, tmp_path, rest_of):
    (tmp_path / "token").write_text("open-sesame\n")
    files = {"tls_certificate": certificate[0], "tls_key": certificate[1], "token_file": tmp_path / "token"}
    with make_server(bundle, RequestLog(False, quiet=True), **files).in_thread() as server:
        assert server.rest_url.startswith("https://")
        rest = rest_of(server.rest_url)
        rest.pool.connection_pool_kw |= {"ca_certs": str(certificate[0]), "cert_reqs": ssl.CERT_REQUIRED}
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "open-sesame"}):
            rest.headers = headers
            status, answer = rest.predict("a")
            assert (status, "Authorization: Bearer" in answer["error"]) == (401, True)
            assert rest.get("/v1/models")[0] == rest.get("/monitoring/prometheus/metrics")[0] == 401
            assert rest.get("/nothing")[0] == 401
            assert rest.get("/healthz")[0] == rest.get("/readyz")[0] == rest.get("/")[0] == 200
        rest.headers = {"authorization": "bearer open-sesame"}
        assert rest.predict("a")[0] == 200
        secure = grpc.ssl_channel_credentials(certificate[0].read_bytes())
        with grpc.secure_channel(server.grpc_address, secure) as channel:
            call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
            body = predict_request().SerializeToString()
            with pytest.raises(grpc.RpcError) as error:
                call(body, timeout=10)
            assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED
            token = [("authorization", "Bearer open-sesame")]
            assert call(body, timeout=10, metadata=token)
            health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
            assert health.status == health_pb2.HealthCheckResponse.SERVING  # open to all, as over REST
            asked = message("GetModelStatusRequest")()
            asked.model_spec.name = "tiny"
            status = channel.unary_unary("/tensorflow.serving.ModelService/GetModelStatus")
            with pytest.raises(grpc.RpcError) as error:
                status(asked.SerializeToString(), timeout=10)
            assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED
            assert status(asked.SerializeToString(), timeout=10, metadata=token)


def test_a_key_of_another_certificate_is_refused(bundle, certificate, tmp_path):
    _, other_key = make_certificate(tmp_path)
    (tmp_path / "none.pem").write_text("none")
    for key in (other_key, tmp_path / "none.pem"):
        with pytest.raises(ValueError, match="must be PEM files of a certificate and of its key"):
            Server(bundle, ServerOptions(tls_certificate=certificate[0], tls_key=key))


def test_requests_share_their_bytes():
    budget = Budget(10)
    with budget.share() as first, budget.share() as second:
        first.take(6)
        second.take(4)
        with pytest.raises(ServingError, match="The server is busy") as error:
            first.take(1)
        assert error.value.retry_after
    assert budget.left == 10


@pytest.mark.parametrize(
    ("inputs", "message_part"),
    [
        ({"text": [b"a"], "choices": [[b""] * 21]}, "'choices' must have at most 20 texts. Received: 21"),
        ({"text": [b"a"] * 7, "choices": [[b""] * 3] * 7}, "'choices' must have at most 20 texts. Received: 21"),
        ({"text": [b"a"] * 21, "choices": [[b""]] * 21}, "1 to 20 rows. Received: 21"),
    ],
)
def test_every_text_counts(inputs, message_part):
    definition = message("tensorflow.SignatureDef")()
    for name, axes in (("text", 1), ("choices", 2)):
        definition.inputs[name].dtype = 7
        for _ in range(axes):
            definition.inputs[name].tensor_shape.dim.add(size=-1)
    signature = ServedSignature("serving_default", definition, None)
    checks = InputChecks(ServerOptions(max_rows=20))
    right = {"text": np.array([b"a"], object), "choices": np.array([[b"a", b"b", b"c"]], object)}
    assert checks.checked(signature, right) == (1, 3)
    arrays = {name: np.array(values, object) for name, values in inputs.items()}
    with pytest.raises(ServingError, match=re.escape(message_part)):
        checks.checked(signature, arrays)
    with pytest.raises(ServingError, match=re.escape(message_part)):
        checks.check_sizes(signature, {name: array.shape for name, array in arrays.items()})


def test_a_model_without_memory_says_so():
    error = _model_error(tf.errors.ResourceExhaustedError(None, None, "OOM when allocating [a secret]"))
    assert (error.status, "ran out of memory" in error.message, "secret" in error.message) == (
        Status.RESOURCE_EXHAUSTED,
        True,
        False,
    )


@pytest.mark.slow
def test_large_answers_are_refused_and_others_written_in_steps(bundle, make_server, rest_of, task):
    with make_server(bundle, RequestLog(False, quiet=True), max_answer_bytes=200_000).in_thread() as server:
        rest, ids = rest_of(server.rest_url), ["a cat"] * 4000
        status, answer = rest.predict(*ids)
        assert (status, "larger than max_answer_bytes, 200000" in answer["error"]) == (429, True)
    with make_server(bundle, RequestLog(False, quiet=True)).in_thread() as server:
        status, answer = rest_of(server.rest_url).predict(*ids)
        assert status == 200
        assert {row["label"] for row in answer["predictions"]} == {task.predict("a cat")["label"][0]}
        assert len(answer["predictions"]) == 4000


@pytest.mark.parametrize("content", ["", "two\nlines", "schlüssel"])
def test_a_wrong_token_file_is_refused(bundle, tmp_path, content):
    (tmp_path / "token").write_text(content)
    with pytest.raises(ValueError, match="must hold one line"):
        Server(bundle, ServerOptions(token_file=tmp_path / "token"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rest_port": -1}, "`rest_port`"),
        ({"grpc_port": 70000}, "`grpc_port` must be at most 65535"),
        ({"rest_port": None, "grpc_port": None}, "must not both be None"),
        ({"rest_port": 8500}, "must differ"),
        ({"max_batch_size": 0}, "`max_batch_size`"),
        ({"workers": 1.5}, "`workers`"),
        ({"poll_seconds": 0}, "`poll_seconds` must be a number of seconds above 0"),
        ({"drain_seconds": float("nan")}, "`drain_seconds`"),
        ({"batching": 1}, "`batching`"),
        ({"tls_key": "key.pem"}, "go together"),
        ({"token_file": "nothing-here"}, "`token_file` must be a file"),
        ({"batch_wait_micros": -1}, "`batch_wait_micros`"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ServerOptions(**options)


@pytest.mark.slow
def test_taken_ports_and_foreign_addresses_are_refused(server, bundle, make_server):
    rest_port, grpc_port = (int(address.rpartition(":")[2]) for address in (server.rest_url, server.grpc_address))
    quiet = RequestLog(False, quiet=True)
    for options, told in (
        ({"rest_port": rest_port}, "REST cannot listen on .*Choose another --rest-port"),
        ({"grpc_port": grpc_port, "rest_port": None}, "gRPC cannot listen on .*Choose another --grpc-port"),
        ({"host": "203.0.113.1", "grpc_port": None}, "REST cannot listen on 203.0.113.1"),
    ):
        with pytest.raises(OSError, match=told), make_server(bundle, quiet, **options).in_thread():
            raise AssertionError("It must not start.")


@pytest.mark.slow
def test_a_full_queue_is_told_to_try_later(bundle, make_server, rest_of, rpc_of):
    limits = {"max_queued_rows": 2, "max_batch_size": 1, "workers": 1}
    with make_server(bundle, RequestLog(False, quiet=True), **limits).in_thread() as server:
        rpc, rest = rpc_of(server.grpc_address), rest_of(server.rest_url)
        waiting = rpc.channel.unary_unary("/tensorflow.serving.PredictionService/Predict").future(
            predict_request(["a cat"] * 4000).SerializeToString(), timeout=60
        )  # taken since nothing waits; its parts fill the queue until it is given up
        time.sleep(0.3)
        responses = []
        while not waiting.done() and responses[-1:] != [429]:
            response = rest.pool.request(
                "POST", f"{rest.url}/v1/models/tiny:predict", body=json.dumps({"instances": ["a", "b", "c"]})
            )
            responses.append(response.status)
        assert responses[-1] == 429
        assert response.headers["retry-after"] == "1"
        assert rpc.refusal("Predict", predict_request(["a"] * 3))[0] == "RESOURCE_EXHAUSTED"
        waiting.cancel()
        while rest.predict("a", "b", "c")[0] == 429:
            time.sleep(0.02)
        assert rest.predict("a", "b", "c")[0] == 200


def test_calls_beyond_those_of_a_connection_wait(bundle, make_server, rpc_of):
    with make_server(bundle, RequestLog(False, quiet=True), max_streams=2).in_thread() as server:
        channel, body = rpc_of(server.grpc_address).channel, predict_request().SerializeToString()
        grpc.channel_ready_future(channel).result(30)
        ask = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        calls = [ask.future(body, timeout=60) for _ in range(200)]
        assert {call.code().name for call in calls} == {"OK"}


@pytest.mark.slow
def test_no_more_grpc_requests_than_allowed(bundle, make_server, rpc_of):
    limits = {"max_streams": 2, "batch_wait_micros": 2_000_000}  # in which all requests come
    alone = [("grpc.use_local_subchannel_pool", 1)]  # else channels share a connection
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(make_server(bundle, RequestLog(False, quiet=True), **limits).in_thread())
        address, body = server.grpc_address, predict_request().SerializeToString()
        channels = [stack.enter_context(grpc.insecure_channel(address, alone)) for _ in range(CONNECTIONS + 2)]
        for channel in channels:
            grpc.channel_ready_future(channel).result(30)
        methods = [channel.unary_unary("/tensorflow.serving.PredictionService/Predict") for channel in channels]
        calls = [ask.future(body, timeout=60) for ask in methods for _ in range(limits["max_streams"])]
        codes = [call.code().name for call in calls]
        assert codes.count("OK") == CONNECTIONS * limits["max_streams"]
        assert codes.count("RESOURCE_EXHAUSTED") == len(calls) - codes.count("OK")
        assert rpc_of(address).call("Predict", body).outputs
