"""RestChannel: TF Serving's REST API."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import json_format

from tfbert.optional import import_optional
from tfbert.serving.client.address import Address
from tfbert.serving.client.model_spec import ModelSpec
from tfbert.serving.client.refusal import is_too_large, refusal
from tfbert.serving.client.signature import Signature
from tfbert.wire.json_tensors import JsonError, read_json_object, read_tensors
from tfbert.wire.messages import message
from tfbert.wire.status import Status

CONNECTIONS = 256  # that are kept open
CHUNK = 2**16
RETRIED = (429, 503)


class RestChannel:
    """A pool of connections to a server.

    Args:
        address: `Address`.
        spec: `ModelSpec`.
        token: str or None.
        ca_certificate: Path of a PEM file, or None, which is the system's list.
    """

    def __init__(self, address: Address, spec: ModelSpec, token: str | None, ca_certificate: Path | None):
        self._urllib3 = import_optional("urllib3")
        trust = {} if ca_certificate is None else {"ca_certs": str(ca_certificate)}
        self._pool = self._urllib3.PoolManager(maxsize=CONNECTIONS, retries=False, **trust)
        self._url, self.where = address.url + spec.path, f"{address.url}, {spec}"
        self._headers = {"content-type": "application/json"}
        if token is not None:
            self._headers["authorization"] = f"Bearer {token}"

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
        inputs = {key: values.tolist() for key, values in columns.items()}
        body = json.dumps({"signature_name": name, "inputs": inputs}, ensure_ascii=False).encode()
        answer = self._send("POST", ":predict", seconds, body)
        try:
            return _arrays(answer["outputs"], signature)
        except (JsonError, KeyError) as error:
            said = "no `outputs`" if isinstance(error, KeyError) else str(error)
            raise refusal(self.where, Status.INTERNAL, f"The answer is not that of its signature: {said}") from error

    def signatures(self, seconds: float) -> Any:
        """Return the signatures of the model, a SignatureDefMap."""
        answer = self._send("GET", "/metadata", seconds)
        metadata = answer.get("metadata")
        return self._parsed(metadata.get("signature_def") if isinstance(metadata, dict) else None, "SignatureDefMap")

    def status(self, seconds: float) -> Any:
        """Return the states of the model's versions, a GetModelStatusResponse."""
        return self._parsed(self._send("GET", "", seconds), "GetModelStatusResponse")

    def _parsed(self, document: Any, name: str) -> Any:
        try:
            json.dumps(document, ensure_ascii=False).encode()  # protobuf breaks at half of a surrogate pair
            return json_format.ParseDict(document or {}, message(name)(), ignore_unknown_fields=True)
        except (json_format.ParseError, AttributeError, TypeError, UnicodeEncodeError) as error:
            raise refusal(self.where, Status.INTERNAL, f"The answer is no {name}, as TF Serving gives it") from error

    def _send(self, method: str, path: str, seconds: float, body: bytes | None = None) -> dict[str, Any]:
        """What the server answers, a JSON object."""
        errors = self._urllib3.exceptions
        try:
            status, headers, data = self._exchange(method, self._url + path, seconds, body)
        except errors.SSLError as error:
            raise refusal(self.where, Status.UNAVAILABLE, f"No TLS connection: {error}") from error
        except (errors.HTTPError, OSError) as error:
            if isinstance(error, errors.TimeoutError) and not isinstance(error, errors.NewConnectionError):
                raise refusal(self.where, Status.DEADLINE_EXCEEDED, f"No answer in {seconds:.3g} seconds") from error
            raise refusal(self.where, Status.UNAVAILABLE, f"No connection, or it broke: {error}", 0.0) from error
        try:
            document = read_json_object(data)
        except JsonError as error:
            if status == 200:
                kind = headers.get("content-type", "without a type")
                said = f"What came is no answer of TF Serving's REST API: {len(data)} bytes, {kind}. Check the address"
                raise refusal(self.where, Status.INTERNAL, said) from error
            document = {}
        if status != 200:
            said = str(document.get("error", f"HTTP status {status}"))
            is_retried = status in RETRIED and not is_too_large(said)
            retry_after = _seconds(headers.get("retry-after")) if is_retried else None
            raise refusal(self.where, Status.of_http(status), said, retry_after)
        return document

    def _exchange(self, method: str, url: str, seconds: float, body: bytes | None) -> tuple[int, Any, bytes]:
        """Status, headers and body. A timeout counts from each piece of a body, hence the look at the clock between."""
        deadline = time.monotonic() + seconds
        timeout = self._urllib3.Timeout(total=seconds)
        response = self._pool.request(
            method, url, body=body, headers=self._headers, timeout=timeout, redirect=False, preload_content=False
        )
        pieces = []
        try:
            while piece := response.read1(CHUNK):
                pieces.append(piece)
                if time.monotonic() > deadline:
                    raise self._urllib3.exceptions.TimeoutError("the body takes too long")
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return response.status, response.headers, b"".join(pieces)

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()


def _arrays(outputs: Any, signature: Signature) -> dict[str, np.ndarray]:
    """Outputs as arrays; where a list is empty, what it would hold is known from the signature only."""
    arrays = read_tensors(outputs, False, signature.outputs)
    for name, array in arrays.items():
        sizes = signature.outputs[name].shape or ()
        if not array.size and array.ndim < len(sizes):
            arrays[name] = array.reshape(array.shape + tuple(size or 0 for size in sizes[array.ndim :]))
    return arrays


def _seconds(retry_after: str | None) -> float:
    """What a Retry-After header asks for; dates are taken for none."""
    return float(retry_after) if retry_after is not None and retry_after.isdecimal() else 0.0
