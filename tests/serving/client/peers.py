"""Servers that do what TF Serving does: gRPC by its official classes, REST by hand; over any SavedModel."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)


class Model:
    """A SavedModel that is served by a name, as version 1.

    Args:
        name: str.
        path: Its folder.
    """

    def __init__(self, name, path):
        import tensorflow_text  # noqa: F401  # registers the ops

        self.name = name
        self.loaded = tf.saved_model.load(str(path))
        proto = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
        definitions = proto.meta_graphs[0].signature_def
        self.signatures = get_model_metadata_pb2.SignatureDefMap(
            signature_def={name: definitions[name] for name in self.loaded.signatures}
        )

    def answer(self, signature, inputs):
        function = self.loaded.signatures[signature or "serving_default"]
        specs = function.structured_input_signature[1]
        if specs.keys() != inputs.keys():
            raise ValueError(f"the set of keys is {sorted(inputs)}, expected {sorted(specs)}")
        return {
            key: value.numpy()
            for key, value in function(
                **{key: tf.constant(inputs[key], spec.dtype) for key, spec in specs.items()}
            ).items()
        }


class Prediction(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, model):
        self.model = model

    def Predict(self, request, context):  # gRPC's name
        _check_spec(self.model, request.model_spec, context)
        inputs = {key: tf.make_ndarray(tensor) for key, tensor in request.inputs.items()}
        try:
            answer = self.model.answer(request.model_spec.signature_name, inputs)
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        response = predict_pb2.PredictResponse()
        for key, values in answer.items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(values))
        return response

    def GetModelMetadata(self, request, context):
        _check_spec(self.model, request.model_spec, context)
        assert list(request.metadata_field) == ["signature_def"]
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.metadata["signature_def"].Pack(self.model.signatures)
        return response


class Status(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, model):
        self.model = model

    def GetModelStatus(self, request, context):
        _check_spec(self.model, request.model_spec, context)
        return _status()


def _check_spec(model, spec, context):
    if spec.name != model.name or spec.version.value not in (0, 1):
        context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({spec.name})")


def _status():
    return get_model_status_pb2.GetModelStatusResponse(model_version_status=[{"version": 1, "state": 30, "status": {}}])


@contextmanager
def grpc_server(model, port=0):
    """Serve a model by gRPC; yields the address."""
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Prediction(model), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Status(model), server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


class RestHandler(BaseHTTPRequestHandler):
    """What TF Serving answers, byte for byte in its errors and keys."""

    protocol_version = "HTTP/1.1"
    model = None

    def do_GET(self):  # http.server's name
        base = f"/v1/models/{self.model.name}"
        paths = {base, f"{base}/versions/1"}
        if self.path in paths:
            self.send(200, json_format.MessageToDict(_status(), **FULL))
        elif self.path.removesuffix("/metadata") in paths:
            spec = {"name": self.model.name, "signature_name": "", "version": "1"}
            signatures = json_format.MessageToDict(self.model.signatures, **FULL)
            self.send(200, {"model_spec": spec, "metadata": {"signature_def": signatures}})
        else:
            self.send(404, {"error": f"Could not find any versions of model {self.path}"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path not in (f"/v1/models/{self.model.name}{version}:predict" for version in ("", "/versions/1")):
            self.send(404, {"error": f"Servable not found for request: {self.path}"})
            return
        inputs = body["inputs"]
        try:
            answer = self.model.answer(body.get("signature_name"), inputs)
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            self.send(400, {"error": str(error)})
            return
        lists = {key: _json_list(values) for key, values in answer.items()}
        self.send(200, {"outputs": lists if len(lists) > 1 else next(iter(lists.values()))})

    def send(self, status, document):
        body = json.dumps(document, indent=4, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Print nothing."""


FULL = {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True}


def _json_list(values):
    if values.dtype != object:
        return values.tolist()
    return np.array([value.decode() for value in values.reshape(-1)], object).reshape(values.shape).tolist()


@contextmanager
def rest_server(model, port=0):
    """Serve a model by REST; yields the address."""
    handler = type("Handler", (RestHandler,), {"model": model})
    with running_http(handler, port) as address:
        yield address


@contextmanager
def running_http(handler, port=0):
    """Run an HTTP server with a handler class; yields the address."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
