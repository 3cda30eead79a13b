"""GrpcChannel: TF Serving's gRPC services, asked without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from tfbert.optional import import_optional
from tfbert.serving.client.address import Address
from tfbert.serving.client.model_spec import ModelSpec
from tfbert.serving.client.refusal import is_too_large, refusal
from tfbert.serving.client.signature import Signature
from tfbert.wire.messages import METHODS, message
from tfbert.wire.status import Status
from tfbert.wire.tensor_proto import TensorError, from_tensor_proto, to_tensor_proto

OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # 4 MB by default, less than the hidden states of a batch
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),  # so that a retry finds a server that came back
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.enable_http_proxy", 0),  # as REST, which takes no proxy of the environment either
]
# A server that stops cancels what it has not begun; this client cancels nothing itself.
RETRIED = (Status.UNAVAILABLE, Status.RESOURCE_EXHAUSTED, Status.CANCELLED)


class GrpcChannel:
    """A channel to a server. Calls do not wait for a connection: a server that is away is UNAVAILABLE at once.

    Args:
        address: `Address`.
        spec: `ModelSpec`.
        token: str or None.
        ca_certificate: Path of a PEM file, or None, which is gRPC's own list.
    """

    def __init__(self, address: Address, spec: ModelSpec, token: str | None, ca_certificate: Path | None):
        grpc = import_optional("grpc")
        self._error = grpc.RpcError
        self._spec, self.where = spec, f"{address.url}, {spec}"
        self._headers = [] if token is None else [("authorization", f"Bearer {token}")]
        if address.is_secure:
            roots = None if ca_certificate is None else ca_certificate.read_bytes()
            self._channel = grpc.secure_channel(address.target, grpc.ssl_channel_credentials(roots), OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address.target, OPTIONS)
        self._calls = {
            name: self._channel.unary_unary(
                f"/{service}/{name}",
                request_serializer=message(request).SerializeToString,
                response_deserializer=message(response).FromString,
            )
            for service, methods in METHODS.items()
            for name, (request, response) in methods.items()
        }

    def predict(
        self, name: str, signature: Signature, columns: dict[str, np.ndarray], seconds: float
    ) -> dict[str, np.ndarray]:
        """Return the answers to one batch.

        Args:
            name: str. The signature's name.
            signature: `Signature`.
            columns: dict of arrays.
            seconds: float. How long it may take.

        Returns:
            A dict of arrays; strings are bytes.

        Raises:
            ServingError: If there is no answer.
        """
        request = message("PredictRequest")()
        self._spec.write(request.model_spec, name)
        for key, values in columns.items():
            to_tensor_proto(values, request.inputs[key])
        response = self._call("Predict", request, seconds)
        try:
            return {key: from_tensor_proto(tensor) for key, tensor in response.outputs.items()}
        except TensorError as error:
            raise refusal(self.where, Status.INTERNAL, f"The answer is damaged: {error}") from error

    def signatures(self, seconds: float) -> Any:
        """Return the signatures of the model, a SignatureDefMap."""
        request = message("GetModelMetadataRequest")(metadata_field=["signature_def"])
        self._spec.write(request.model_spec)
        response = self._call("GetModelMetadata", request, seconds)
        try:
            return message("SignatureDefMap").FromString(response.metadata["signature_def"].value)
        except DecodeError as error:
            raise refusal(self.where, Status.INTERNAL, "The answer is damaged: it holds no signatures") from error

    def status(self, seconds: float) -> Any:
        """Return the states of the model's versions, a GetModelStatusResponse."""
        request = message("GetModelStatusRequest")()
        self._spec.write(request.model_spec)
        return self._call("GetModelStatus", request, seconds)

    def _call(self, name: str, request: Any, seconds: float) -> Any:
        try:
            return self._calls[name](request, timeout=seconds, metadata=self._headers)
        except self._error as error:
            status, said = Status.of_code(error.code().value[0]), error.details() or ""
            is_retried = status in RETRIED and not is_too_large(said)
            raise refusal(self.where, status, said, retry_after=0.0 if is_retried else None) from error

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()
