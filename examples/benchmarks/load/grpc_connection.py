"""GrpcConnection: one client of a model server's gRPC API; requests and answers are bytes until they are read."""

from __future__ import annotations

import grpc
import numpy as np

from examples.benchmarks.load.rest_connection import SECONDS
from tfbert.wire.messages import message
from tfbert.wire.tensor_proto import from_tensor_proto, to_tensor_proto


class GrpcConnection:
    """A channel of its own that asks one text at a time.

    Args:
        address: str. Such as "127.0.0.1:8500".
        model: str. The model's name.
    """

    def __init__(self, address: str, model: str):
        self._address, self._model = address, model

    async def open(self) -> None:
        """Connect."""
        self._channel = grpc.aio.insecure_channel(self._address, [("grpc.use_local_subchannel_pool", 1)])
        await self._channel.channel_ready()
        self._predict = self._channel.unary_unary("/tensorflow.serving.PredictionService/Predict")

    def request(self, text: str) -> bytes:
        """Return the request that asks a text."""
        request = message("PredictRequest")()
        request.model_spec.name = self._model
        to_tensor_proto(np.array([text], object), request.inputs["text"])
        return request.SerializeToString()

    async def ask(self, body: bytes) -> bytes:
        """Send a request; return the answer.

        Raises:
            grpc.aio.AioRpcError: If there is none.
        """
        return await self._predict(body, timeout=SECONDS)

    @staticmethod
    def read(answer: bytes) -> tuple[str, float]:
        """Return the label and the score in an answer."""
        outputs = message("PredictResponse").FromString(answer).outputs
        return from_tensor_proto(outputs["label"])[0].decode(), float(from_tensor_proto(outputs["score"])[0])

    async def close(self) -> None:
        """Disconnect."""
        await self._channel.close()
