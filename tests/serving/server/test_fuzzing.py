"""Malformed requests by the thousand: none brings the server down, or is answered with a failure of its own."""

import json
import random
import socket
import threading
from collections import Counter
from http.client import HTTPConnection

import grpc
import numpy as np
import pytest

from tests.serving.server.test_rpc import predict_request
from tfbert.wire.messages import METHODS, message
from tfbert.wire.tensor_proto import to_tensor_proto

COUNT = 10_000
TEXTS = ["", "a cat", "\0", "\u202e北京", "😀" * 9, "\ud800", '"}', "</script>", "[MASK]"]
LEAVES = [*TEXTS, None, True, 0, -1, 2**31, 2**70, 10**400, 1.5, float("nan"), float("inf"), {"b64": "YQ=="}]
LEAVES += [{"b64": "?"}, {"b64": 3}, {"b64": "YQ==", "text": 1}, [], {}, [[]], {"": ""}]
PATHS = ["", "/versions/1", "/versions/7", "/versions/x", f"/versions/{2**64}", "/labels/stable", "/labels/\x7f", "/"]
KEYS = ["instances", "inputs", "signature_name", "examples", "context", "text", "input_ids", "attention_mask", "x"]
SIGNATURES = ["serving_default", "tokenize", "ids", "classify", "none", "", None, 3]


def value(dice, depth=0):
    """Any JSON that is like what the server expects."""
    kind = dice.random()
    if depth > 3 or kind < 0.4:
        return dice.choice(LEAVES)
    if kind < 0.7:
        return [value(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(KEYS): value(dice, depth + 1) for _ in range(dice.randrange(4))}


def body(dice):
    """A body after the schema, of which some part is wrong; or bytes that are none."""
    rows = [dice.choice(["a cat", {"text": "a"}]) if dice.random() < 0.5 else value(dice)] * dice.randrange(1, 4)
    if dice.random() < 0.5:
        rows[-1] = value(dice)
    document = {"signature_name": dice.choice(SIGNATURES), dice.choice(["instances", "inputs", "examples"]): rows}
    if dice.random() < 0.3:
        document[dice.choice(KEYS)] = value(dice)
    if dice.random() < 0.3:
        del document["signature_name"]
    text = json.dumps(document).encode()
    damage = dice.random()
    if damage < 0.1:
        text = text[: dice.randrange(len(text))]
    elif damage < 0.2:
        place = dice.randrange(len(text))
        text = text[:place] + dice.randbytes(dice.randrange(1, 5)) + text[place + 1 :]
    elif damage < 0.22:
        text = b'{"instances": ' + dice.choice([b"[", b'{"a":', b'["a",']) * dice.randrange(1, 20_000)
    return text


def in_threads(work, count=4):
    """Run `work(number)` in threads; return what each returned."""
    results = {}

    def run(number):
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count, "A thread failed; see above."
    return list(results.values())


@pytest.mark.slow
def test_malformed_json(server, rest, task):
    address = server.rest_url.removeprefix("http://")

    def ask(number):
        dice, statuses = random.Random(number), Counter()
        connection = HTTPConnection(address, timeout=30)
        for _ in range(COUNT // 4):
            name, place = dice.choice(["tiny"] * 9 + ["other"]), dice.choice([""] * 6 + PATHS[:-2])
            verb = dice.choice(["predict"] * 4 + ["classify", "regress", "ask", ""])
            sent = body(dice)
            connection.request("POST", f"/v1/models/{name}{place}:{verb}", body=sent)
            response = connection.getresponse()
            answer = json.loads(response.read())
            statuses[response.status] += 1
            assert response.status < 500, (response.status, sent[:500])
            assert (response.status == 200) != (list(answer) == ["error"])
        connection.close()
        return statuses

    statuses = sum(in_threads(ask), Counter())
    assert sum(statuses.values()) == COUNT
    assert set(statuses) == {200, 400, 404, 405}
    assert statuses[200] > COUNT / 100
    assert rest.predict("a cat")[1]["predictions"][0]["label"] == task.predict("a cat")["label"][0]


def requests():
    """A right request of each kind, by method."""
    classify = message("ClassificationRequest")()
    classify.model_spec.name, classify.model_spec.signature_name = "tiny", "classify"
    example = classify.input.example_list.examples.add()
    example.features.feature["text"].bytes_list.value.append(b"a cat")
    metadata = message("GetModelMetadataRequest")(metadata_field=["signature_def"])
    status = message("GetModelStatusRequest")()
    metadata.model_spec.name = status.model_spec.name = "tiny"
    ids = message("PredictRequest")()
    ids.model_spec.name, ids.model_spec.signature_name = "tiny", "ids"
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        to_tensor_proto(np.ones([1, 4], np.int32), ids.inputs[name])
    found = [("Predict", predict_request(["a cat", "é"])), ("Predict", ids), ("Classify", classify)]
    found += [("GetModelMetadata", metadata), ("GetModelStatus", status), ("Regress", classify)]
    return [(method, request.SerializeToString()) for method, request in found]


def mutated(dice, sent):
    """The bytes of a request, some changed, cut out, doubled or added."""
    sent = bytearray(sent)
    for _ in range(dice.randrange(4)):
        place = dice.randrange(len(sent) or 1)
        end = min(len(sent), place + dice.randrange(1, 9))
        kind = dice.randrange(5)
        if kind == 0 and sent:
            sent[place] = dice.randrange(256)
        elif kind == 1:
            del sent[place:end]
        elif kind == 2:
            sent[place:place] = sent[place:end]
        elif kind == 3:
            sent[place:place] = dice.randbytes(dice.randrange(1, 5))
        elif sent:
            sent[place] ^= 1 << dice.randrange(8)
    return bytes(sent)


@pytest.mark.slow
def test_malformed_protos(server, rpc, task):
    services = {method: service for service, methods in METHODS.items() for method in methods}
    right = requests()

    def ask(number):
        dice, codes = random.Random(number), Counter()
        with grpc.insecure_channel(server.grpc_address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            for _ in range(COUNT // 4):
                method, sent = dice.choice(right)
                sent = mutated(dice, sent)
                try:
                    channel.unary_unary(f"/{services[method]}/{method}")(sent, timeout=30)
                    codes["OK"] += 1
                except grpc.RpcError as error:
                    codes[error.code().name] += 1
        return codes

    codes = sum(in_threads(ask), Counter())
    assert sum(codes.values()) == COUNT
    assert not {"INTERNAL", "UNKNOWN", "UNAVAILABLE"} & set(codes)
    assert codes["OK"] > COUNT / 100
    assert codes["INVALID_ARGUMENT"] > COUNT / 100
    answer = rpc.call("Predict", predict_request(["a cat"])).outputs["label"].string_val[0]
    assert answer.decode() == task.predict("a cat")["label"][0]


HEADS = [
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /v1/models/tiny:predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/models/tiny:predict HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST /v1/models/tiny:predict HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    b"POST /v1/models/tiny:predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /%ff%00/../../etc/passwd HTTP/1.1\r\n\r\n",
    b"GET //// HTTP/1.1\r\nHost: \xff\r\n\r\n",
    b"GET http://[::1/ HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS, spoken to a plain port
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"A" * 100_000,
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",  # which are too many
]


def test_bytes_that_are_no_http(server, rest):
    address = server.rest_url.removeprefix("http://").split(":")
    dice = random.Random(0)
    for sent in [*HEADS, *(dice.randbytes(dice.randrange(1, 200)) for _ in range(50))]:
        with socket.create_connection((address[0], int(address[1])), timeout=0.2) as connection:
            try:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                received = connection.recv(100)
            except (TimeoutError, ConnectionError):
                received = b""
        assert received[9:10] in (b"", b"2", b"4", b"5")
        assert received[9:12] not in (b"500",), sent[:100]
    assert rest.predict("a cat")[0] == 200
