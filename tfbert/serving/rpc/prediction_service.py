"""PredictionService: TF Serving's gRPC service of answers."""

from __future__ import annotations

from typing import Any

from tfbert.serving.answering import Answering, check_outputs
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
from tfbert.wire.messages import message
from tfbert.wire.status import ServingError, Status
from tfbert.wire.tensor_proto import TensorError, from_tensor_proto, to_tensor_proto

SIGNATURE_DEF = "signature_def"


class PredictionService:
    """Answers the messages of PredictionService. Each method takes a request, its deadline and what is noted of it.

    Args:
        answering: `Answering`.
    """

    def __init__(self, answering: Answering):
        self._answering = answering

    async def predict(self, request: Any, deadline: float, asked: Asked) -> Any:
        """Answer a PredictRequest."""
        version, signature = self._found(request.model_spec, asked)
        check_outputs(signature, request.output_filter)
        shapes = {name: [dim.size for dim in tensor.tensor_shape.dim] for name, tensor in request.inputs.items()}
        self._answering.checks.check_sizes(signature, shapes)
        try:
            inputs = {name: from_tensor_proto(request.inputs[name]) for name in sorted(request.inputs)}
        except TensorError as error:
            raise ServingError(Status.INVALID_ARGUMENT, str(error)) from error
        outputs, asked.rows = await self._answering.answer(version, signature, inputs, deadline)
        response = message("PredictResponse")()
        _name(response, version, signature.name)
        for name in request.output_filter or outputs:
            to_tensor_proto(outputs[name], response.outputs[name])
        return response

    async def classify(self, request: Any, deadline: float, asked: Asked) -> Any:
        """Answer a ClassificationRequest."""
        version, signature, outputs = await self._of_examples(request, (CLASSES, SCORES), deadline, asked)
        response = message("ClassificationResponse")()
        _name(response, version, signature.name)
        for row in classes_of(outputs, asked.rows):
            classes = response.result.classifications.add().classes
            for label, score in row:
                classes.add(label=label, score=score)
        return response

    async def regress(self, request: Any, deadline: float, asked: Asked) -> Any:
        """Answer a RegressionRequest."""
        version, signature, outputs = await self._of_examples(request, (OUTPUTS,), deadline, asked)
        response = message("RegressionResponse")()
        _name(response, version, signature.name)
        for number in numbers_of(outputs, asked.rows):
            response.result.regressions.add(value=number)
        return response

    async def get_model_metadata(self, request: Any, deadline: float, asked: Asked) -> Any:
        """Answer a GetModelMetadataRequest; TF Serving knows one field, "signature_def"."""
        if list(request.metadata_field) != [SIGNATURE_DEF]:
            raise ServingError(Status.INVALID_ARGUMENT, f"`metadata_field` must be [{SIGNATURE_DEF!r}].")
        version = self._version(request.model_spec)
        asked.of(version, "")
        response = message("GetModelMetadataResponse")()
        _name(response, version, "")
        response.metadata[SIGNATURE_DEF].Pack(version.definitions)
        return response

    async def multi_inference(self, request: Any, deadline: float, asked: Asked) -> Any:
        """Refuse a MultiInferenceRequest."""
        raise ServingError(Status.UNIMPLEMENTED, "MultiInference is not served: send one request for each signature.")

    async def _of_examples(self, request: Any, names: tuple[str, ...], deadline: float, asked: Asked) -> Any:
        version, signature = self._found(request.model_spec, asked)
        check_takes_examples(signature, names)
        inputs = {INPUTS: examples_of(request.input)}
        outputs, asked.rows = await self._answering.answer(version, signature, inputs, deadline)
        return version, signature, outputs

    def _found(self, spec: Any, asked: Asked) -> Any:
        version = self._version(spec)
        signature = version.signature(spec.signature_name)
        asked.of(version, signature.name)
        return version, signature

    def _version(self, spec: Any) -> ModelVersion:
        if not spec.name:
            raise ServingError(Status.INVALID_ARGUMENT, "Missing ModelSpec: set `model_spec.name`.")
        choice = spec.WhichOneof("version_choice")
        number = spec.version.value if choice == "version" else None
        return self._answering.find(spec.name, number, spec.version_label if choice == "version_label" else None)


def _name(response: Any, version: ModelVersion, signature: str) -> None:
    """Say in a response what answered."""
    spec = response.model_spec
    spec.name, spec.signature_name, spec.version.value = version.name, signature, version.number
