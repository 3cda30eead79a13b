"""TF Serving's REST API, as the embedded server speaks it."""

import json
import math

import numpy as np
import pytest

from tfbert.export.serving.examples import to_examples

TEXTS = ["I love the unaffable cat!", "Café déjà vu 北京", "", "zzz " * 60, "\0 </script> \u202e"]
LONG_IDS = {name: [[1] * 9000] for name in ("input_ids", "attention_mask", "token_type_ids")}
PREDICT = "/v1/models/tiny:predict"


def assert_same(predictions, expected, keys=None):
    """Rows of JSON against columns of arrays."""
    for row, found in enumerate(predictions):
        assert found.keys() == (keys or expected.keys())
        for key, value in found.items():
            wanted = expected[key][row]
            if expected[key].dtype == object:
                assert np.array(value, object).tolist() == np.array(wanted, object).tolist()
            else:
                np.testing.assert_allclose(value, wanted, atol=1e-5)


def assert_close(classes, others):
    assert [label for label, _ in classes] == [label for label, _ in others]
    np.testing.assert_allclose([score for _, score in classes], [score for _, score in others], atol=1e-5)


def test_rows_are_answered_as_the_signature_answers(rest, task):
    status, answer = rest.predict(*TEXTS)
    assert (status, list(answer)) == (200, ["predictions"])
    assert len(answer["predictions"]) == len(TEXTS)
    assert_same(answer["predictions"], task.predict(TEXTS))


def test_columns_give_the_same(rest):
    _, rows = rest.predict(*TEXTS)
    for inputs in (TEXTS, {"text": TEXTS}):
        status, answer = rest.post(PREDICT, {"inputs": inputs})
        assert status == 200
        columns = answer["outputs"]
        found = [dict(zip(columns, values)) for values in zip(*columns.values())]
        for row, other in zip(found, rows["predictions"]):
            assert row["label"] == other["label"]
            assert math.isclose(row["score"], other["score"], abs_tol=1e-5)


def test_other_signatures_are_asked_by_name(rest, task):
    status, answer = rest.post(PREDICT, {"signature_name": "tokenize", "inputs": ["a cat", "a"]})
    assert status == 200
    ids = answer["outputs"]
    assert ids["attention_mask"] == [[1, 1, 1, 1], [1, 1, 1, 0]]
    status, answer = rest.post(PREDICT, {"signature_name": "ids", "inputs": ids})
    assert status == 200
    np.testing.assert_allclose(answer["outputs"], task.predict(["a cat", "a"])["logits"], atol=1e-5)  # one output, bare


def test_examples_are_classified(rest, task):
    examples = [{"text": text} for text in TEXTS[:2]]
    status, answer = rest.post("/v1/models/tiny:classify", {"signature_name": "classify", "examples": examples})
    assert status == 200
    expected = task.predict(TEXTS[:2])
    for row, found in enumerate(answer["results"]):
        assert [label for label, _ in found] == expected["labels"][row].tolist()
        np.testing.assert_allclose([score for _, score in found], expected["scores"][row], atol=1e-5)
    encoded = {"context": {"text": "I love the unaffable cat!"}, "examples": [{}]}
    status, shared = rest.post("/v1/models/tiny:classify", {"signature_name": "classify", **encoded})
    assert status == 200
    assert_close(shared["results"][0], answer["results"][0])
    b64 = [{"text": {"b64": "SSBsb3ZlIHRoZSB1bmFmZmFibGUgY2F0IQ=="}}]
    status, same = rest.post("/v1/models/tiny:classify", {"signature_name": "classify", "examples": b64})
    assert status == 200
    assert_close(same["results"][0], answer["results"][0])


def test_status_and_metadata_have_tf_servings_form(rest):
    expected = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("/v1/models/tiny", "/v1/models/tiny/versions/1", "/v1/models/tiny/labels/stable"):
        assert rest.get(path) == (200, {"model_version_status": [expected]})
    status, answer = rest.get("/v1/models/tiny/metadata")
    assert status == 200
    assert answer["model_spec"] == {"name": "tiny", "signature_name": "", "version": "1"}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "tokenize", "ids", "classify"} <= set(signatures)
    text = signatures["serving_default"]["inputs"]["text"]
    assert (text["dtype"], text["tensor_shape"]["dim"]) == ("DT_STRING", [{"size": "-1", "name": ""}])
    assert signatures["ids"]["method_name"] == "tensorflow/serving/predict"


def test_versions_and_labels_are_chosen_by_the_path(rest):
    for place in ("", "/versions/1", "/labels/stable"):
        assert rest.post(f"/v1/models/tiny{place}:predict", {"instances": ["a"]})[0] == 200
        assert rest.get(f"/v1/models/tiny{place}/metadata")[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/v1/models/other:predict", {"instances": ["a"]}, 404, "Servable not found"),
        ("/v1/models/tiny/versions/7:predict", {"instances": ["a"]}, 404, "no such version available. It has: [1]"),
        (f"/v1/models/tiny/versions/{2**63 - 1}:predict", {"instances": ["a"]}, 404, "no such version"),
        (f"/v1/models/tiny/versions/{2**63}:predict", {"instances": ["a"]}, 400, "must be a number"),
        ("/v1/models/tiny/versions/x:predict", {"instances": ["a"]}, 400, "must be a number"),
        ("/v1/models/tiny/labels/canary:predict", {"instances": ["a"]}, 400, "no such version label"),
        ("/v1/models/tiny:ask", {"instances": ["a"]}, 400, "Malformed request"),
        ("/v1/models", {"instances": ["a"]}, 405, "This path takes GET"),
        ("/v2/models", {"instances": ["a"]}, 405, "This path takes GET"),
        (PREDICT, b"{", 400, "no JSON"),
        (PREDICT, b"", 400, "no JSON"),
        (PREDICT, {"instances": []}, 400, "at least one row"),
        (PREDICT, {"inputs": []}, 400, "1 to 4096 rows. Received: 0"),
        (PREDICT, {"inputs": "a"}, 400, "must be DT_STRING [None]. Received: strings []"),
        (PREDICT, {"instances": [["a", "b"]]}, 400, "Received: strings [1, 2]"),
        (PREDICT, {"instances": [3]}, 400, "not a number"),
        (PREDICT, b'{"instances": ' + b"[" * 100 + b'"a"' + b"]" * 100 + b"}", 400, "nests more than 32 lists"),
        (PREDICT, {"signature_name": "ids", "inputs": LONG_IDS}, 400, "at most 8192 entries a row"),
        (PREDICT, {"instances": ["\ud800"]}, 400, "surrogate"),
        (PREDICT, {"instances": ["a"], "signature_name": "none"}, 400, "no such signature. It has: ['classify'"),
        (PREDICT, {"instances": ["a"], "signature_name": 3}, 400, "must be a string"),
        (PREDICT, {"instances": [{"txt": "a"}]}, 400, "takes ['text']. Received in row 0 of"),
        (PREDICT, {"signature_name": "ids", "inputs": {"input_ids": [[1]]}}, 400, "The signature takes"),
        ("/v1/models/tiny:classify", {"examples": [{"text": "a"}]}, 400, "needs one that takes 'inputs'"),
        ("/v1/models/tiny:regress", {"examples": [{}], "signature_name": "classify"}, 400, "returns outputs"),
        ("/v1/models/tiny:classify", {"examples": [], "signature_name": "classify"}, 400, "at least one object"),
        ("/v1/models/tiny:classify", {"examples": [3], "signature_name": "classify"}, 400, "must be an object"),
        (
            "/v1/models/tiny:classify",
            {"examples": [{"text": [1, "a"]}], "signature_name": "classify"},
            400,
            "A feature of example 0",
        ),
    ],
)
def test_wrong_requests_are_refused(rest, path, body, status, message):
    found, answer = rest.post(path, body)
    assert found == status
    assert list(answer) == ["error"]
    assert message in answer["error"]
    assert rest.predict("a cat")[0] == 200


def test_what_the_graph_refuses_is_a_bad_request(rest):
    ids = {name: [[99999]] for name in ("input_ids", "attention_mask", "token_type_ids")}
    status, answer = rest.post(PREDICT, {"signature_name": "ids", "inputs": ids})
    assert (status, "The model refuses these inputs." in answer["error"]) == (400, True)
    status, answer = rest.post("/v1/models/tiny:classify", {"signature_name": "classify", "examples": [{"text": 3}]})
    assert status == 400


def test_methods_and_paths_that_there_are_not(rest):
    assert rest.get("/v1/models/other")[0] == 404
    assert rest.get("/v1/models/tiny/versions/7")[0] == 404
    assert rest.get("/v1/models/tiny/")[0] == 404
    assert rest.get("/nothing")[0] == 404
    assert rest.get(PREDICT)[0] == 405
    assert rest.get("/v1/models/tiny", "DELETE")[0] == 405


def test_the_page_and_what_it_asks(rest):
    status, html = rest.get("/")
    assert (status, html[:15]) == (200, b"<!doctype html>")
    assert rest.get("/page/page.css")[0] == 200
    assert rest.get("/page/server.py")[0] == 404
    assert rest.get("/page/..%2fpage_files.py")[0] == 404
    status, answer = rest.get("/v1/models")
    (model,) = answer["models"]
    assert (model["name"], model["task"], model["inputs"]) == ("tiny", "text-classification", ["text"])
    assert (model["versions"], model["labels"]) == ([1], {"stable": 1})
    headers = rest.pool.request("GET", f"{rest.url}/").headers
    assert "default-src 'none'" in headers["content-security-policy"]


def test_health_and_metrics(rest):
    assert rest.get("/healthz") == (200, {"status": "alive"})
    assert rest.get("/readyz") == (200, {"status": "ready"})
    rest.predict("a", "b")
    status, text = rest.get("/monitoring/prometheus/metrics")
    lines = dict(line.rsplit(" ", 1) for line in text.decode().splitlines() if not line.startswith("#"))
    asked = 'model="tiny",protocol="rest",signature="serving_default"'
    assert status == 200
    assert float(lines[f'tfbert_requests_total{{{asked},status="OK",version="1"}}']) > 0
    assert float(lines['tfbert_texts_total{model="tiny",version="1"}']) > 1
    assert float(lines['tfbert_batch_rows_count{model="tiny",signature="serving_default",version="1"}']) > 0
    assert lines['tfbert_queued_rows{model="tiny",signature="serving_default",version="1"}'] == "0.0"


def test_examples_in_json_are_those_in_bytes():
    from tfbert.serving.rest.json_examples import read_examples

    given = read_examples(json.loads('{"examples": [{"text": "é", "n": [1, 2], "x": [1, 2.5]}]}'))
    (example,) = given.example_list.examples
    assert example.features.feature["n"].int64_list.value == [1, 2]
    assert example.features.feature["x"].float_list.value == [1.0, 2.5]
    del example.features.feature["n"], example.features.feature["x"]
    assert example.SerializeToString() == to_examples({"text": ["é"]})[0]
