"""The paths of TF Serving's REST API about models: predict, classify, regress, status and metadata."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from google.protobuf import json_format

from tfbert.export.serving.version_numbers import MOST_VERSION
from tfbert.serving.answering import Answering
from tfbert.serving.asked import Asked
from tfbert.serving.example_requests import (
    CLASSES,
    INPUTS,
    OUTPUTS,
    SCORES,
    check_takes_examples,
    classes_of,
    examples_of,
    numbers_of,
)
from tfbert.serving.models.model_version import ModelVersion
from tfbert.serving.models.served_signature import ServedSignature
from tfbert.serving.rest.exchange import Answer, Exchange
from tfbert.serving.rest.json_examples import read_examples
from tfbert.wire.json_answers import predict_answer
from tfbert.wire.json_bytes import predict_bytes
from tfbert.wire.json_tensors import (
    JsonError,
    columns_of_request,
    read_json_object,
    read_tensors,
)
from tfbert.wire.status import ServingError, Status

LARGE_BODY, LARGE_ANSWER = 2**18, 2**14  # bytes and entries, from which on other requests would wait too long


class ModelRoutes:
    """Handlers of the paths below `/v1/models/NAME`.

    Args:
        answering: `Answering`.
    """

    def __init__(self, answering: Answering):
        self._answering = answering

    async def ask(self, exchange: Exchange, body: bytes, asked: Asked) -> Answer:
        """Answer POST …:predict, :classify or :regress."""
        verb = exchange.path_params["verb"]
        answers = {"predict": self._predict, "classify": self._classify, "regress": self._regress}
        if verb not in answers:
            raise _malformed(f"…:VERB must be one of {sorted(answers)}")
        deadline = self._answering.deadline(None)
        version = self._answering.find(exchange.path_params["name"], *_choice(exchange))
        try:
            document = await _unblocked(len(body), read_json_object, body)
            signature = version.signature(_signature_name(document))
            asked.of(version, signature.name)
            return await answers[verb](version, signature, document, deadline, asked)
        except JsonError as error:
            raise ServingError(Status.INVALID_ARGUMENT, str(error)) from error

    async def status(self, exchange: Exchange, body: bytes, asked: Asked) -> Answer:
        """Answer GET: the states of a model's versions."""
        model = self._answering.store.find(exchange.path_params["name"])
        return Answer(_json_of(model.status(*_choice(exchange))))

    async def metadata(self, exchange: Exchange, body: bytes, asked: Asked) -> Answer:
        """Answer GET …/metadata: the signatures of a version."""
        version = self._answering.find(exchange.path_params["name"], *_choice(exchange))
        asked.of(version, "")
        definitions = json.loads(_json_of(version.definitions))
        spec = {"name": version.name, "signature_name": "", "version": str(version.number)}
        return Answer.of_json({"model_spec": spec, "metadata": {"signature_def": definitions}})

    async def _predict(
        self, version: ModelVersion, signature: ServedSignature, document: Any, deadline: float, asked: Asked
    ) -> Answer:
        given, is_rows = columns_of_request(document)
        inputs = await _unblocked(asked.size, read_tensors, given, is_rows, signature.inputs)
        outputs, asked.rows = await self._answering.answer(version, signature, inputs, deadline)
        if sum(array.size for array in outputs.values()) <= LARGE_ANSWER:
            return Answer.of_json(predict_answer(outputs, is_rows))
        return Answer(await asyncio.to_thread(predict_bytes, outputs, is_rows))

    async def _classify(
        self, version: ModelVersion, signature: ServedSignature, document: Any, deadline: float, asked: Asked
    ) -> Answer:
        outputs = await self._of_examples(version, signature, document, (CLASSES, SCORES), deadline, asked)
        return Answer.of_json({"results": classes_of(outputs, asked.rows)})

    async def _regress(
        self, version: ModelVersion, signature: ServedSignature, document: Any, deadline: float, asked: Asked
    ) -> Answer:
        outputs = await self._of_examples(version, signature, document, (OUTPUTS,), deadline, asked)
        return Answer.of_json({"results": numbers_of(outputs, asked.rows)})

    async def _of_examples(
        self,
        version: ModelVersion,
        signature: ServedSignature,
        document: Any,
        names: tuple[str, ...],
        deadline: float,
        asked: Asked,
    ) -> Any:
        check_takes_examples(signature, names)
        inputs = {INPUTS: examples_of(read_examples(document))}
        outputs, asked.rows = await self._answering.answer(version, signature, inputs, deadline)
        return outputs


def _choice(exchange: Exchange) -> tuple[int | None, str | None]:
    """The version, or the label, that a path names."""
    version = exchange.path_params.get("version")
    if version is None:
        return None, exchange.path_params.get("label")
    if not (version.isascii() and version.isdecimal() and len(version) < 20 and int(version) <= MOST_VERSION):
        raise _malformed("…/versions/VERSION must be a number")
    return int(version), None


async def _unblocked(size: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns, called on a thread where a body of so many bytes would hold up the others."""
    return function(*arguments) if size <= LARGE_BODY else await asyncio.to_thread(function, *arguments)


def _signature_name(document: dict[str, Any]) -> str:
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise JsonError('"signature_name" must be a string.')
    return name


def _malformed(text: str) -> ServingError:
    return ServingError(Status.INVALID_ARGUMENT, f"Malformed request: {text}.")


def _json_of(found: Any) -> bytes:
    """A message as TF Serving writes it: names as in the proto, and what is empty too."""
    text = json_format.MessageToJson(
        found, preserving_proto_field_name=True, always_print_fields_with_no_presence=True, indent=1
    )
    return text.encode("utf-8")
