"""TF Serving's messages, in a descriptor pool of their own, so that TensorFlow's may be imported beside them."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorSet

PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
MODEL_SERVICE = "tensorflow.serving.ModelService"
# The methods of each service with the names of what they take and return.
METHODS = {
    PREDICTION_SERVICE: {
        "Predict": ("PredictRequest", "PredictResponse"),
        "Classify": ("ClassificationRequest", "ClassificationResponse"),
        "Regress": ("RegressionRequest", "RegressionResponse"),
        "GetModelMetadata": ("GetModelMetadataRequest", "GetModelMetadataResponse"),
        "MultiInference": ("MultiInferenceRequest", "MultiInferenceResponse"),
    },
    MODEL_SERVICE: {
        "GetModelStatus": ("GetModelStatusRequest", "GetModelStatusResponse"),
        "HandleReloadConfigRequest": ("ReloadConfigRequest", "ReloadConfigResponse"),
    },
}


@functools.cache
def message(name: str) -> Any:
    r"""Return the class of a message.

    Args:
        name: str. Its name; without a package, TF Serving's: "PredictRequest", "tensorflow.TensorProto".

    Returns:
        A protobuf message class; what it writes is what TF Serving's own class writes, byte for byte.

    Raises:
        KeyError: If there is no such message.

    Example:
        >>> request = message("PredictRequest")()
        >>> request.model_spec.name = "sentiment"
        >>> request.SerializeToString()
        b'\n\x0b\n\tsentiment'

    Source: the protos of tensorflow-serving-api 2.21 (`scripts/make_serving_protos.py`).
    """
    full_name = name if "." in name else f"tensorflow.serving.{name}"
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(full_name))


@functools.cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for file in FileDescriptorSet.FromString(files("tfbert.wire").joinpath("protos.binpb").read_bytes()).file:
        pool.Add(file)
    return pool
