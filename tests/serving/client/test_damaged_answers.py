"""Answers with bytes exchanged, left out or put in: an answer of the right shape, or a `ServingError`."""

import collections
import json
import random

import grpc
import numpy as np
import pytest
from google.protobuf.message import DecodeError

from tests.serving.client.scripted import METADATA
from tfbert.serving import Client, ServingError
from tfbert.wire.messages import message
from tfbert.wire.tensor_proto import STRING, to_tensor_proto

CASES = 3000
TEXTS = ["Anna", "北京 😀"]
OUTPUTS = {"label": np.array(TEXTS, object), "score": np.array([0.5, 2.0], np.float32), "place": np.arange(2)}
TYPES = {"label": "DT_STRING", "score": "DT_FLOAT", "place": "DT_INT64"}


def damaged(content, rng):
    """Bytes of which some are others, are gone, or stand twice."""
    content = bytearray(content)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(content))
        kind = rng.randrange(4)
        if kind == 0:
            content[place] = rng.randrange(256)
        elif kind == 1:
            content[place : place + rng.randrange(1, 9)] = b""
        elif kind == 2:
            content[place:place] = content[place : place + rng.randrange(1, 9)]
        else:
            content[place:place] = rng.choice([b"null", b"[", b"{}", b"-1e999", b"NaN", b'"', b"1" * 400, b"\\ud800"])
    return bytes(content)


def asked(client):
    """Ask for an answer; say how it went."""
    try:
        answer = client.predict(TEXTS)
    except ServingError as error:
        return error.status.name
    assert answer.keys() == OUTPUTS.keys()
    assert all(len(values) == 2 for values in answer.values())
    assert all(isinstance(text, str) for text in answer["label"])
    return "OK"


def test_rest(monkeypatch):
    spec = METADATA["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"]["text"]
    outputs = {name: {**spec, "dtype": kind} for name, kind in TYPES.items()}
    signature = {"inputs": {"text": spec}, "outputs": outputs}
    metadata = json.dumps({"metadata": {"signature_def": {"signature_def": {"serving_default": signature}}}}).encode()
    answer = json.dumps({"outputs": {name: values.tolist() for name, values in OUTPUTS.items()}}).encode()
    client, rng, seen = Client("http://127.0.0.1:9", model="tiny"), random.Random(1), collections.Counter()
    content = {}
    monkeypatch.setattr(client._channel, "_exchange", lambda method, *_: (200, {}, content[method]))
    for case in range(CASES):
        content = {"GET": metadata, "POST": answer}
        which = "GET" if case % 3 == 0 else "POST"
        content[which] = damaged(content[which], rng)
        client._found = None
        seen[asked(client)] += 1
    assert seen.keys() >= {"OK", "INTERNAL", "NOT_FOUND"}
    assert sum(seen.values()) == CASES


class Damage(grpc.RpcError):
    """What gRPC raises where an answer cannot be read."""

    def code(self):
        return grpc.StatusCode.INTERNAL

    def details(self):
        return "Exception deserializing response!"


def test_grpc(monkeypatch):
    tensor = {"dtype": STRING, "tensor_shape": {"dim": [{"size": -1}]}}
    signatures = message("SignatureDefMap")()
    definition = signatures.signature_def["serving_default"]
    definition.inputs["text"].CopyFrom(message("tensorflow.TensorInfo")(**tensor))
    answer = message("PredictResponse")()
    for name, values in OUTPUTS.items():
        proto = to_tensor_proto(values, answer.outputs[name])
        definition.outputs[name].CopyFrom(message("tensorflow.TensorInfo")(**{**tensor, "dtype": proto.dtype}))
    metadata = message("GetModelMetadataResponse")()
    metadata.metadata["signature_def"].value = signatures.SerializeToString()
    intact = {"GetModelMetadata": metadata, "Predict": answer}
    client, rng, seen = Client("grpc://127.0.0.1:9", model="tiny"), random.Random(2), collections.Counter()
    content = {}

    def call(name):
        def respond(request, timeout, metadata):
            try:
                return type(intact[name]).FromString(content[name])
            except DecodeError as error:
                raise Damage from error

        return respond

    monkeypatch.setattr(client._channel, "_calls", {name: call(name) for name in intact})
    for case in range(CASES):
        content = {name: proto.SerializeToString() for name, proto in intact.items()}
        which = "GetModelMetadata" if case % 3 == 0 else "Predict"
        content[which] = damaged(content[which], rng)
        client._found = None
        seen[asked(client)] += 1
    assert seen.keys() >= {"OK", "INTERNAL", "NOT_FOUND"}
    assert sum(seen.values()) == CASES


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"text": {"dtype": "DT_VARIANT", "tensor_shape": {"dim": [{"size": "-1"}]}}}, "other types"),
        ({}, "are no rows"),
    ],
)
def test_signatures_of_no_rows_cannot_be_asked(inputs, expected, monkeypatch):
    client = Client("http://127.0.0.1:9", model="tiny")
    signature = {"inputs": inputs, "outputs": {}}
    metadata = json.dumps({"metadata": {"signature_def": {"signature_def": {"serving_default": signature}}}}).encode()
    monkeypatch.setattr(client._channel, "_exchange", lambda *_: (200, {}, metadata))
    with pytest.raises(ServingError, match=f"UNIMPLEMENTED.*'serving_default' cannot be asked.*{expected}"):
        client.predict("Anna")
    assert list(client.metadata()) == ["serving_default"]
