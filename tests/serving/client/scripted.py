"""Servers of one text input and one label that fail as a test says, by REST and gRPC, without TensorFlow."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import grpc

from tests.serving.client.peers import running_http
from tfbert.wire.messages import METHODS, message
from tfbert.wire.status import Status
from tfbert.wire.tensor_proto import STRING

SPEC = {"dtype": "DT_STRING", "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}, "name": "a"}
DEFINITION = {"inputs": {"text": SPEC}, "outputs": {"label": SPEC}, "method_name": "tensorflow/serving/predict"}
METADATA = {"metadata": {"signature_def": {"signature_def": {"serving_default": DEFINITION}}}}


class Script:
    """What a server does with its predict requests, one after another; then it answers each text with itself.

    Args:
        *steps: For REST bytes to send as they are, or a function of the handler; for gRPC a `Status`, or a function of
            the context.
    """

    def __init__(self, *steps):
        self.steps = list(steps)
        self.requests = []  # when each came, by the clock


def response(status, document, *headers):
    """An HTTP response as bytes."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", *headers]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body


@contextmanager
def scripted_rest(script, port=0):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.wfile.write(response(200, METADATA))

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            script.requests.append(time.monotonic())
            script.headers = dict(self.headers)
            step = script.steps.pop(0) if script.steps else response(200, {"outputs": body["inputs"]["text"]})
            if callable(step):
                self.close_connection = True
                step(self)
            else:
                self.wfile.write(step)

        def log_message(self, *arguments):
            """Print nothing."""

    with running_http(Handler, port) as address:
        yield address


@contextmanager
def scripted_grpc(script, port=0):
    def predict(request, context):
        script.requests.append(time.monotonic())
        script.headers = dict(context.invocation_metadata())
        step = script.steps.pop(0) if script.steps else None
        if isinstance(step, Status):
            context.abort(getattr(grpc.StatusCode, step.name), "as the script says")
        answer = message("PredictResponse")()
        answer.outputs["label"].CopyFrom(request.inputs["text"])
        if step is not None:
            step(answer)
        return answer

    def metadata(request, context):
        tensor = message("tensorflow.TensorInfo")(dtype=STRING)
        tensor.tensor_shape.dim.add(size=-1)
        signatures = message("SignatureDefMap")()
        signatures.signature_def["serving_default"].inputs["text"].CopyFrom(tensor)
        signatures.signature_def["serving_default"].outputs["label"].CopyFrom(tensor)
        answer = message("GetModelMetadataResponse")()
        answer.metadata["signature_def"].value = signatures.SerializeToString()
        return answer

    service = "tensorflow.serving.PredictionService"
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            function,
            request_deserializer=message(METHODS[service][name][0]).FromString,
            response_serializer=message(METHODS[service][name][1]).SerializeToString,
        )
        for name, function in (("Predict", predict), ("GetModelMetadata", metadata))
    }
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handlers)])
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
