"""Messages and tensors against TF Serving's and TensorFlow's own classes."""

import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import model_service_pb2, predict_pb2, prediction_log_pb2, prediction_service_pb2

from scripts.make_serving_protos import OUTPUT, serving_files
from tfbert.wire.messages import METHODS, message
from tfbert.wire.status import Status
from tfbert.wire.tensor_proto import TYPE_OF, TensorError, from_tensor_proto, to_tensor_proto

SERVICES = {
    service.full_name: service
    for module in (prediction_service_pb2, model_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
}


def test_the_committed_descriptors_are_those_of_the_installed_package():
    assert OUTPUT.read_bytes() == serving_files().SerializeToString(deterministic=True)


def test_the_methods_are_those_of_the_services():
    for service, methods in METHODS.items():
        theirs = {
            method.name: (method.input_type.name, method.output_type.name) for method in SERVICES[service].methods
        }
        assert methods.items() <= theirs.items()


def test_requests_are_byte_for_byte_those_of_the_official_class():
    ours, theirs = message("PredictRequest")(), predict_pb2.PredictRequest()
    texts = ["one", "zwei é 北😀", ""]
    for request in (ours, theirs):
        request.model_spec.name = "sentiment"
        request.model_spec.version.value = 3
        request.model_spec.signature_name = "serving_default"
    to_tensor_proto(np.array(texts, object), ours.inputs["text"])
    theirs.inputs["text"].CopyFrom(tf.make_tensor_proto(texts, tf.string))
    assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)


def test_both_pools_live_in_one_process():
    ours = message("PredictionLog")()
    ours.predict_log.request.model_spec.name = "a"
    theirs = prediction_log_pb2.PredictionLog.FromString(ours.SerializeToString())
    assert theirs.predict_log.request.model_spec.name == "a"


def test_no_tensorflow_is_imported():
    code = (
        "import sys, tfbert.wire.messages, tfbert.wire.tensor_proto, tfbert.wire.status;"
        "tfbert.wire.messages.message('PredictRequest')();"
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


DTYPES = st.sampled_from(sorted(TYPE_OF, key=str))


@settings(max_examples=300, deadline=None)
@given(DTYPES, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4), st.randoms(use_true_random=False))
def test_numbers_go_through_tensorflow_and_back(dtype, shape, random):
    array = np.frombuffer(
        bytes(random.randrange(2 if dtype.kind == "b" else 120) for _ in range(int(np.prod(shape)) * dtype.itemsize)),
        dtype,
    ).reshape(shape)
    theirs = tensor_pb2.TensorProto.FromString(to_tensor_proto(array).SerializeToString())
    np.testing.assert_array_equal(tf.make_ndarray(theirs), array)
    back = from_tensor_proto(
        message("tensorflow.TensorProto").FromString(tf.make_tensor_proto(array).SerializeToString())
    )
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.binary(max_size=5), min_size=2, max_size=2), max_size=4))
def test_strings_go_through_tensorflow_and_back(rows):
    array = np.empty((len(rows), 2), object)
    for index, row in enumerate(rows):
        array[index] = row
    theirs = tensor_pb2.TensorProto.FromString(to_tensor_proto(array).SerializeToString())
    assert tf.make_ndarray(theirs).tolist() == array.tolist()
    assert from_tensor_proto(to_tensor_proto(array)).tolist() == array.tolist()


@pytest.mark.parametrize("field", ["float_val: 1.5 float_val: 2.5", "float_val: 1.5"])
def test_values_left_out_repeat_the_last(field):
    text = f"dtype: DT_FLOAT tensor_shape {{ dim {{ size: 3 }} }} {field}"
    ours = text_format.Parse(text, message("tensorflow.TensorProto")())
    theirs = text_format.Parse(text, tensor_pb2.TensorProto())
    np.testing.assert_array_equal(from_tensor_proto(ours), tf.make_ndarray(theirs))


def test_halves_are_read_from_their_bits():
    proto = message("tensorflow.TensorProto")(dtype=19, half_val=[15360, 16384])
    proto.tensor_shape.dim.add(size=2)
    assert from_tensor_proto(proto).tolist() == [1.0, 2.0]
    assert to_tensor_proto(np.ones(1, ml_dtypes.bfloat16)).dtype == 14


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dtype: DT_FLOAT tensor_shape { dim { size: 2 } } tensor_content: 'abc'", "takes 8 bytes"),
        ("dtype: DT_STRING tensor_shape { dim { size: 1 } } string_val: 'a' string_val: 'b'", "holds 2"),
        ("dtype: DT_STRING tensor_shape { dim { size: 3 } }", "holds 0"),
        ("dtype: DT_STRING tensor_shape { dim { size: 2147483647 } } string_val: 'a'", "must not leave out"),
        ("dtype: DT_STRING tensor_shape { dim { size: -1 } } string_val: 'a'", "unknown part"),
        ("dtype: DT_STRING tensor_shape { unknown_rank: true } string_val: 'a'", "unknown part"),
        ("dtype: DT_STRING tensor_shape { dim { size: 1 } } tensor_content: 'a'", "string_val"),
        ("dtype: DT_VARIANT tensor_shape { dim { size: 1 } }", "not taken"),
        ("dtype: DT_INT8 tensor_shape { dim { size: 1 } } int_val: 1000", "does not fit"),
        ("dtype: DT_INT32 tensor_shape { dim { size: 0 } dim { size: 4611686018427387904 } }", "is too large"),
        ("dtype: DT_STRING tensor_shape { dim { size: 0 } dim { size: 4611686018427387904 } }", "is too large"),
        ("dtype: DT_INT32 tensor_shape { " + "dim { size: 1 } " * 40 + "} int_val: 1", "at most 32 axes"),
    ],
)
def test_tensors_that_lie_are_refused(text, expected):
    with pytest.raises(TensorError, match=expected):
        from_tensor_proto(text_format.Parse(text, message("tensorflow.TensorProto")()))


def test_an_array_of_objects_that_are_no_strings_is_refused():
    with pytest.raises(TypeError):
        to_tensor_proto(np.zeros(2, np.complex64))


def test_status_numbers_are_those_of_grpc():
    import grpc

    for status in Status:
        assert getattr(grpc.StatusCode, status.name).value[0] == status.code
        assert Status.of_code(status.code) is status
    assert Status.FAILED_PRECONDITION.http == Status.INVALID_ARGUMENT.http == 400
    assert Status.of_http(400) is Status.INVALID_ARGUMENT
    assert Status.of_http(429) is Status.RESOURCE_EXHAUSTED
    assert Status.of_http(413) is Status.RESOURCE_EXHAUSTED
    assert Status.of_http(418) is Status.UNKNOWN
