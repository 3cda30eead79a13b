"""JSON of requests and answers against what TF Serving's REST API says of it."""

import json

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfbert.wire.json_answers import predict_answer
from tfbert.wire.json_tensors import (
    JsonError,
    columns_of_request,
    read_json_object,
    read_tensors,
)
from tfbert.wire.tensor_spec import TensorSpec

TEXT = {"text": TensorSpec(7, (None,))}
PAIR = {**TEXT, "text_pair": TensorSpec(7, (None,))}
CHOICES = {**TEXT, "choices": TensorSpec(7, (None, None))}
IDS = {"input_ids": TensorSpec(3, (None, None))}
FLOAT, BOOL, ANY = TensorSpec(1, (None,)), TensorSpec(10, (None,)), TensorSpec(7, None)


def read(body, specs=TEXT):
    given, is_rows = columns_of_request(
        read_json_object(body if isinstance(body, bytes) else json.dumps(body).encode())
    )
    return {name: (array.dtype, array.tolist()) for name, array in read_tensors(given, is_rows, specs).items()}


@pytest.mark.parametrize(
    ("body", "specs", "expected"),
    [
        ({"instances": ["a", "é"]}, TEXT, {"text": [b"a", "é".encode()]}),
        ({"instances": [{"text": "a"}, {"text": "b"}]}, TEXT, {"text": [b"a", b"b"]}),
        ({"inputs": ["a"]}, TEXT, {"text": [b"a"]}),
        ({"inputs": ["a"], "parameters": {"x": 1}}, TEXT, {"text": [b"a"]}),  # as TF Serving passes over it
        ({"inputs": {"text": ["a"]}}, TEXT, {"text": [b"a"]}),
        ({"instances": [{"b64": "AAE="}, "b"]}, TEXT, {"text": [b"\0\1", b"b"]}),
        ({"instances": [{"text": {"b64": "AAE="}}]}, TEXT, {"text": [b"\0\1"]}),
        ({"inputs": {"b64": "AAE="}}, {"text": ANY}, {"text": b"\0\1"}),
        (
            {"instances": [{"text": "a", "text_pair": "b"}], "signature_name": "x"},
            PAIR,
            {"text": [b"a"], "text_pair": [b"b"]},
        ),
        (
            {"instances": [{"text": "a", "choices": ["b", "c"]}]},
            CHOICES,
            {"text": [b"a"], "choices": [[b"b", b"c"]]},
        ),
        ({"inputs": {"text": ["a"], "choices": [["b"]]}}, CHOICES, {"text": [b"a"], "choices": [[b"b"]]}),
        ({"instances": [[1, 2], [3, 4]]}, IDS, {"input_ids": [[1, 2], [3, 4]]}),
        ({"instances": [[], []]}, IDS, {"input_ids": [[], []]}),
        ({"inputs": []}, TEXT, {"text": []}),
        ({"inputs": [1, 2.5]}, {"x": FLOAT}, {"x": [1.0, 2.5]}),
        ({"inputs": [True]}, {"x": BOOL}, {"x": [True]}),
    ],
)
def test_rows_and_columns_become_arrays(body, specs, expected):
    found = read(body, specs)
    assert {name: values for name, (_, values) in found.items()} == expected
    assert all(dtype == specs[name].numpy_dtype for name, (dtype, _) in found.items())


def test_what_is_no_number_elsewhere_stands_as_in_tf_serving():
    values = read(b'{"inputs": [NaN, Infinity, -Infinity]}', {"x": FLOAT})["x"][1]
    assert np.isnan(values[0])
    assert values[1:] == [np.inf, -np.inf]
    answer = json.dumps(predict_answer({"score": np.array([np.nan, np.inf], np.float32)}, True))
    assert answer == '{"predictions": [NaN, Infinity]}'


@pytest.mark.parametrize(
    ("body", "specs", "message"),
    [
        (b"", TEXT, "no JSON: Expecting value, at character 0"),
        (b"\xff", TEXT, "not UTF-8: byte 0"),
        (b"[1]", TEXT, "must be a JSON object"),
        (b"[" * 100_000, TEXT, "nests too deeply"),
        (b'{"inputs": ' + b"9" * 5000 + b"}", TEXT, "too long a number"),
        (b'{"inputs": ["a"], "inputs": ["b"]}', TEXT, "same key twice"),
        (b'{"instances": ["\\ud800"]}', TEXT, r"At \[0\]: half of a surrogate pair"),
        ({}, TEXT, 'either "instances" or "inputs"'),
        ({"instances": ["a"], "inputs": ["a"]}, TEXT, 'either "instances" or "inputs"'),
        ({"instance": ["a"], "secret text": 1}, TEXT, r"Received: \['instance', '…'\]"),
        ({"instances": []}, TEXT, "at least one row"),
        ({"instances": "a"}, TEXT, "must be a list"),
        ({"instances": ["a"]}, PAIR, r"must be an object with \['text', 'text_pair'\]"),
        ({"inputs": ["a"]}, PAIR, r"must be an object with \['text', 'text_pair'\]"),
        ({"instances": [{"text": "a"}]}, PAIR, r"takes \['text', 'text_pair'\]. Received in row 0"),
        ({"inputs": {"txt": ["a"]}}, TEXT, r"takes \['text'\]. Received in \"inputs\": \['txt'\]"),
        ({"instances": [{"text": "a"}, "b"]}, TEXT, "Row 1 of .* is no object"),
        ({"instances": [1, {"text": "b"}]}, TEXT, "must be all objects, or none"),
        ({"instances": ["a", 3]}, TEXT, r"takes DT_STRING \[None\]. At \[1\]: .* not a number"),
        ({"instances": ["a", None]}, TEXT, r"At \[1\]: .* not null"),
        ({"instances": ["a", {"text": "b"}]}, TEXT, r"At \[1\]: .* not an object"),
        ({"instances": [{"b64": "?"}]}, TEXT, r'At \[0\]: what stands under "b64" is no base64'),
        ({"instances": [{"b64": 3}]}, TEXT, "no base64"),
        ({"instances": [[1, 2], [3]]}, IDS, "lists of different lengths at depth 2"),
        ({"instances": [[1, 2], 3]}, IDS, "lists of different lengths"),
        ({"instances": [[1, [2]]]}, IDS, "lists of different depths"),
        ({"instances": [[1, 2.5]]}, IDS, r"At \[0, 1\]: a number with a fraction"),
        ({"instances": [[True]]}, IDS, "a bool must not stand here"),
        ({"instances": [[2**31]]}, IDS, "numbers go from -2147483648 to 2147483647"),
        ({"inputs": ["a"]}, {"x": FLOAT}, "a string must not stand here"),
        ({"inputs": [10**400]}, {"x": FLOAT}, "too large"),
        ({"inputs": [1]}, {"x": BOOL}, "a number must not stand here"),
    ],
)
def test_wrong_bodies_are_refused_with_the_place(body, specs, message):
    with pytest.raises(JsonError, match=message):
        read(body, specs)


def test_messages_hold_no_text_of_the_user():
    text = "my very secret text of the day"
    for body in ({text: 1}, {"instances": [{text: "a"}]}, {"instances": [text, 3]}, {"inputs": {text: [text]}}):
        with pytest.raises(JsonError) as error:
            read(body)
        assert text not in str(error.value)
    with pytest.raises(JsonError) as error:
        read(f'{{"instances": ["{text}" "{text}"]}}'.encode())
    assert text not in str(error.value)


OUTPUTS = {
    "label": np.array([b"good", "böse".encode()], object),
    "scores": np.array([[0.5, 0.25], [1.0, 0.0]], np.float32),
    "start": np.array([1, 2], np.int32),
}


@pytest.mark.parametrize(
    ("outputs", "is_rows", "expected"),
    [
        ({"label": OUTPUTS["label"]}, True, {"predictions": ["good", "böse"]}),
        ({"scores": OUTPUTS["scores"]}, True, {"predictions": [[0.5, 0.25], [1.0, 0.0]]}),
        (
            OUTPUTS,
            True,
            {
                "predictions": [
                    {"label": "good", "scores": [0.5, 0.25], "start": 1},
                    {"label": "böse", "scores": [1.0, 0.0], "start": 2},
                ]
            },
        ),
        ({"label": OUTPUTS["label"]}, False, {"outputs": ["good", "böse"]}),
        (
            OUTPUTS,
            False,
            {"outputs": {"label": ["good", "böse"], "scores": [[0.5, 0.25], [1.0, 0.0]], "start": [1, 2]}},
        ),
        ({"raw_bytes": np.array([b"\xff"], object)}, True, {"predictions": [{"b64": "/w=="}]}),
        ({"x": np.array(2.0)}, False, {"outputs": 2.0}),
        ({"x": np.array(b"a", object)}, False, {"outputs": "a"}),
        ({"labels": np.array([[b"a", b"b"]], object)}, True, {"predictions": [["a", "b"]]}),
        ({"word": np.empty([2, 0], object)}, True, {"predictions": [[], []]}),
        ({"x": np.array([1.5], ml_dtypes.bfloat16)}, True, {"predictions": [1.5]}),
        ({"x": np.array([True])}, True, {"predictions": [True]}),
    ],
)
def test_answers_have_tf_servings_form(outputs, is_rows, expected):
    answer = predict_answer(outputs, is_rows)
    assert answer == expected
    assert json.loads(json.dumps(answer)) == expected


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"label": np.array([b"\xff"], object)}, "'label' holds bytes that are no UTF-8"),
        ({"a": np.zeros(2), "b": np.zeros(3)}, "different numbers of rows"),
        ({"a": np.array(1.0)}, "have no rows"),
    ],
)
def test_answers_that_have_no_form_in_json_are_refused(outputs, message):
    with pytest.raises(JsonError, match=message):
        predict_answer(outputs, True)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_any_text_comes_through(texts):
    assert read({"instances": texts})["text"][1] == [text.encode() for text in texts]
    answer = predict_answer({"label": np.array([text.encode() for text in texts], object)}, True)
    assert answer == {"predictions": texts}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "b64", "x"]), inner),
    max_leaves=8,
)


@given(st.sampled_from([TEXT, PAIR, CHOICES, IDS, {"x": FLOAT}, {"x": BOOL}, {"x": ANY}]), VALUES, st.booleans())
def test_any_json_is_read_or_refused(specs, value, is_rows):
    try:
        arrays = read({"instances" if is_rows else "inputs": value}, specs)
    except JsonError:
        return
    assert arrays.keys() == specs.keys()
