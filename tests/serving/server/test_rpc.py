"""TF Serving's gRPC services, as the embedded server speaks them; asked with TF Serving's official stubs, too."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tfbert.wire.messages import message
from tfbert.wire.tensor_proto import to_tensor_proto

TEXTS = ["I love the unaffable cat!", "Café déjà vu 北京", "", "zzz " * 60, "\0 </script> \u202e"]


def predict_request(texts=("a cat",), name="tiny", **spec):
    request = message("PredictRequest")()
    request.model_spec.name = name
    if "version" in spec:
        request.model_spec.version.value = spec.pop("version")
    for key, value in spec.items():
        setattr(request.model_spec, key, value)
    to_tensor_proto(np.array(texts, object), request.inputs["text"])
    return request


@pytest.fixture
def channel(server):
    with grpc.insecure_channel(server.grpc_address) as found:
        yield found


def test_official_stubs_get_what_the_signature_answers(channel, task):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "tiny"
    request.inputs["text"].CopyFrom(tf.make_tensor_proto(TEXTS, tf.string))
    response = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=30)
    expected = task.predict(TEXTS)
    assert set(response.outputs) == set(expected)
    for name, tensor in response.outputs.items():
        found = tf.make_ndarray(tensor)
        if found.dtype == object:
            assert np.vectorize(bytes.decode)(found).tolist() == expected[name].tolist()
        else:
            np.testing.assert_allclose(found, expected[name], atol=1e-5)
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("tiny", 1, "serving_default")


def test_official_stubs_classify_examples(channel, task):
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = "tiny", "classify"
    for text in TEXTS[:3]:
        example = request.input.example_list.examples.add()
        example.features.feature["text"].bytes_list.value.append(text.encode())
    response = prediction_service_pb2_grpc.PredictionServiceStub(channel).Classify(request, timeout=30)
    expected = task.predict(TEXTS[:3])
    for row, found in enumerate(response.result.classifications):
        assert [entry.label for entry in found.classes] == expected["labels"][row].tolist()
        np.testing.assert_allclose([entry.score for entry in found.classes], expected["scores"][row], atol=1e-5)


def test_official_stubs_read_metadata_and_status(channel):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "tiny"
    response = prediction_service_pb2_grpc.PredictionServiceStub(channel).GetModelMetadata(request, timeout=30)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert signatures.signature_def["serving_default"].inputs["text"].dtype == tf.string.as_datatype_enum
    assert response.model_spec.version.value == 1
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "tiny"
    status = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, timeout=30)
    (version,) = status.model_version_status
    assert (version.version, version.state) == (1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)


def test_outputs_versions_and_labels_are_chosen(rpc):
    request = predict_request()
    request.output_filter.extend(["score", "label"])
    assert set(rpc.call("Predict", request).outputs) == {"label", "score"}
    for spec in ({"version": 1}, {"version_label": "stable"}, {"signature_name": "serving_default"}):
        assert rpc.call("Predict", predict_request(**spec)).model_spec.version.value == 1


def test_values_of_a_tensor_may_stand_in_either_field(rpc):
    request = message("PredictRequest")()
    request.model_spec.name, request.model_spec.signature_name = "tiny", "ids"
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        tensor = request.inputs[name]
        tensor.dtype = 3
        tensor.tensor_shape.dim.add(size=2)
        tensor.tensor_shape.dim.add(size=3)
        tensor.int_val.append(1)  # stands for all six
    logits = rpc.call("Predict", request).outputs["logits"]
    assert [dim.size for dim in logits.tensor_shape.dim] == [2, 3]


def wrong_tensor(change):
    request = predict_request()
    change(request.inputs["text"])
    return request


def without_inputs():
    request = predict_request()
    del request.inputs["text"]
    return request


def with_many_inputs():
    """A small message, whose inputs would have 8 GB."""
    request = predict_request()
    for number in range(1000):
        tensor = request.inputs[str(number)]
        tensor.dtype = 2
        tensor.tensor_shape.dim.add(size=2**20)
        tensor.double_val.append(1.0)
    return request


def with_long_ids():
    request = message("PredictRequest")()
    request.model_spec.name, request.model_spec.signature_name = "tiny", "ids"
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        to_tensor_proto(np.ones([1, 9000], np.int32), request.inputs[name])
    return request


def with_filter(*names):
    request = predict_request()
    request.output_filter.extend(names)
    return request


@pytest.mark.parametrize(
    ("request_of", "status", "message_part"),
    [
        (lambda: predict_request(name="other"), "NOT_FOUND", "Servable not found"),
        (lambda: predict_request(name=""), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (lambda: predict_request(version=7), "NOT_FOUND", "no such version available"),
        (lambda: predict_request(version=-1), "NOT_FOUND", "no such version available"),
        (lambda: predict_request(version_label="canary"), "INVALID_ARGUMENT", "no such version label"),
        (lambda: predict_request(signature_name="none"), "FAILED_PRECONDITION", "no such signature"),
        (lambda: predict_request([]), "INVALID_ARGUMENT", "1 to 4096 rows"),
        (lambda: predict_request([["a"]]), "INVALID_ARGUMENT", "must be DT_STRING [None]"),
        (without_inputs, "INVALID_ARGUMENT", "takes ['text'], exactly these"),
        (lambda: with_filter("nothing"), "INVALID_ARGUMENT", "`output_filter` must name outputs"),
        (lambda: with_filter("score", "score"), "INVALID_ARGUMENT", "each once"),
        (lambda: wrong_tensor(lambda tensor: setattr(tensor, "dtype", 1)), "INVALID_ARGUMENT", "holds 0"),
        (lambda: wrong_tensor(lambda tensor: setattr(tensor, "dtype", 99)), "INVALID_ARGUMENT", "type 99"),
        (
            lambda: wrong_tensor(lambda tensor: tensor.tensor_shape.dim.add(size=2**40)),
            "INVALID_ARGUMENT",
            "at most 4096 texts",
        ),
        (lambda: wrong_tensor(lambda tensor: tensor.ClearField("string_val")), "INVALID_ARGUMENT", "holds 0"),
        (with_many_inputs, "INVALID_ARGUMENT", "takes ['text'], exactly these"),
        (with_long_ids, "INVALID_ARGUMENT", "at most 8192 entries a row"),
        (lambda: b"\xff\xff\xff", "INVALID_ARGUMENT", "The request is no PredictRequest"),
    ],
)
def test_wrong_requests_are_refused(rpc, request_of, status, message_part):
    found, details = rpc.refusal("Predict", request_of())
    assert (found, message_part in details) == (status, True), details


def test_what_is_not_served_is_unimplemented(rpc):
    assert rpc.refusal("MultiInference", message("MultiInferenceRequest")())[0] == "UNIMPLEMENTED"
    assert rpc.refusal("HandleReloadConfigRequest", message("ReloadConfigRequest")())[0] == "UNIMPLEMENTED"
    request = message("GetModelMetadataRequest")()
    request.model_spec.name = "tiny"
    assert rpc.refusal("GetModelMetadata", request)[0] == "INVALID_ARGUMENT"
    request = message("ClassificationRequest")()
    request.model_spec.name, request.model_spec.signature_name = "tiny", "classify"
    assert rpc.refusal("Classify", request) == ("INVALID_ARGUMENT", "Input is empty: send at least one example.")
    request = message("GetModelStatusRequest")()
    assert rpc.refusal("GetModelStatus", request)[0] == "INVALID_ARGUMENT"
    request.model_spec.name = "other"
    assert rpc.refusal("GetModelStatus", request)[0] == "NOT_FOUND"


def test_health_is_told(channel):
    check = health_pb2_grpc.HealthStub(channel).Check
    for service in ("", "tensorflow.serving.PredictionService"):
        found = check(health_pb2.HealthCheckRequest(service=service), timeout=10)
        assert found.status == health_pb2.HealthCheckResponse.SERVING


def test_a_deadline_that_is_past_is_exceeded(rpc):
    assert rpc.refusal("Predict", predict_request(["a"] * 4000), timeout=0.01)[0] == "DEADLINE_EXCEEDED"
