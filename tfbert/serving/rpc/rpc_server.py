"""RpcServer: TF Serving's gRPC services on a port."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from tfbert.optional import import_optional
from tfbert.serving.access import Access
from tfbert.serving.answering import Answering
from tfbert.serving.asked import Asked, Recorder
from tfbert.serving.listening import bracketed
from tfbert.serving.rpc.model_service import ModelService
from tfbert.serving.rpc.prediction_service import PredictionService
from tfbert.serving.server_options import ServerOptions
from tfbert.wire.messages import METHODS, MODEL_SERVICE, PREDICTION_SERVICE, message
from tfbert.wire.status import ServingError, Status

Answer = Callable[[Any, float, Asked], Awaitable[Any]]
CONNECTIONS = 4  # that may have all the requests at a time that one may
IDLE_MILLISECONDS = 300_000  # that a connection without requests is kept
PING_MILLISECONDS = 60_000  # between looks whether a client is still there, and until it must have answered
LOOK_SECONDS = 0.02  # between looks whether all is answered
GOODBYE_SECONDS = 0.5  # for requests that come while the port is closed, and for those that watch the health
FRAME = 4096  # bytes of a message besides the request that its size limit is about


class RpcServer:
    """A gRPC server on the running event loop.

    Args:
        answering: `Answering`.
        access: `Access`.
        recorder: `Recorder`.
        options: `ServerOptions`; its `grpc_port` is no None.
    """

    def __init__(self, answering: Answering, access: Access, recorder: Recorder, options: ServerOptions):
        self._answering, self._access, self._recorder, self._options = answering, access, recorder, options
        self._grpc = import_optional("grpc")
        self._health_pb2 = import_optional("grpc_health.v1.health_pb2")
        self._health = import_optional("grpc_health.v1.health").aio.HealthServicer()
        self._in_flight = 0
        self.port = 0

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: If the port is taken.
        """
        options = self._options
        self._server = self._grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", options.max_request_bytes + FRAME),
                ("grpc.max_send_message_length", -1),
                ("grpc.max_concurrent_streams", options.max_streams),
                ("grpc.http.overload_protection", 0),  # it resets calls that would wait for their turn at the client
                ("grpc.so_reuseport", 0),  # two servers on a port would share its requests
                ("grpc.max_connection_idle_ms", IDLE_MILLISECONDS),
                ("grpc.keepalive_time_ms", PING_MILLISECONDS),
                ("grpc.keepalive_timeout_ms", PING_MILLISECONDS),
            ],
            maximum_concurrent_rpcs=CONNECTIONS * options.max_streams,
        )
        services = {
            PREDICTION_SERVICE: PredictionService(self._answering),
            MODEL_SERVICE: ModelService(self._answering.store),
        }
        self._server.add_generic_rpc_handlers(
            [self._grpc.method_handlers_generic_handler(name, self._handlers(name, services[name])) for name in METHODS]
        )
        import_optional("grpc_health.v1.health_pb2_grpc").add_HealthServicer_to_server(self._health, self._server)
        self.port = self._listen(f"{bracketed(options.host)}:{options.grpc_port}")
        await self._server.start()

    async def set_ready(self, is_ready: bool) -> None:
        """Say to those that ask for health whether requests are answered."""
        states = self._health_pb2.HealthCheckResponse
        for service in ("", *METHODS):
            await self._health.set(service, states.SERVING if is_ready else states.NOT_SERVING)

    async def stop(self, seconds: float) -> None:
        """Stop once the requests that are being answered are, or some seconds have passed; new ones are refused."""
        end = time.monotonic() + seconds
        while self._in_flight and time.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)
        await self._server.stop(GOODBYE_SECONDS)

    def _listen(self, address: str) -> int:
        options = self._options
        try:
            if options.tls_certificate is None or options.tls_key is None:
                return self._server.add_insecure_port(address)
            pair = (Path(options.tls_key).read_bytes(), Path(options.tls_certificate).read_bytes())
            return self._server.add_secure_port(address, self._grpc.ssl_server_credentials([pair]))
        except RuntimeError as error:
            raise OSError(f"gRPC cannot listen on {address}. Is the port taken? Choose another --grpc-port.") from error

    def _handlers(self, service: str, answers: Any) -> dict[str, Any]:
        """Handlers by the names of methods; requests come as bytes, so that wrong ones are answered as such."""
        return {
            name: self._grpc.unary_unary_rpc_method_handler(
                self._handler(message(taken), getattr(answers, _snake(name))),
                response_serializer=lambda response: response.SerializeToString(),
            )
            for name, (taken, _) in METHODS[service].items()
        }

    def _handler(self, kind: Any, answer: Answer) -> Any:
        async def handle(body: bytes, context: Any) -> Any:
            asked = Asked("grpc", len(body))
            self._in_flight += 1
            try:
                if not self._access.is_open:
                    self._access.check(dict(context.invocation_metadata()).get("authorization"))
                deadline = self._answering.deadline(context.time_remaining())
                with self._answering.budget.share() as share:
                    share.take(len(body))
                    response = await answer(_parsed(kind, body), deadline, asked)
                self._recorder.answered(asked)
                return response
            except asyncio.CancelledError:
                self._recorder.answered(asked, Status.CANCELLED)
                raise
            except Exception as error:
                found = self._recorder.as_serving_error(error)
                self._recorder.answered(asked, found.status)
            finally:
                self._in_flight -= 1
            await context.abort(self._grpc.StatusCode[found.status.name], found.message)

        return handle


def _parsed(kind: Any, body: bytes) -> Any:
    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise ServingError(Status.INVALID_ARGUMENT, f"The request is no {kind.DESCRIPTOR.name}.") from error


def _snake(name: str) -> str:
    """The name of a method of Python for that of a service: get_model_status for GetModelStatus."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
