"""Answers of models other than classifiers: foreign ones, and those whose answers differ in width."""

import json
import threading

import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder
from tests.tasks.task_table import TASKS
from tfbert.serving.request_log import RequestLog
from tfbert.tasks.served_task import ServedTask


@pytest.mark.slow
def test_a_foreign_models_answers_are_given_where_they_have_rows(tmp_path, make_server, rest_of):
    class Foreign(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def double(self, x):
            return {"y": 2 * x}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def total(self, x):
            return {"total": tf.reduce_sum(x)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def lying(self, x):
            return {"y": tf.concat([x, x], 0)}

        @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="path")])
        def scalar(self, path):
            return {"raw_bytes": path}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.complex64, name="z")])
        def turned(self, z):
            return {"z": -z}

    module = Foreign()
    names = {"turned": "turned", "serving_default": "double", "total": "total", "lying": "lying", "scalar": "scalar"}
    signatures = {key: getattr(module, name).get_concrete_function() for key, name in names.items()}
    tf.saved_model.save(module, str(tmp_path / "foreign"), signatures)
    with make_server(tmp_path / "foreign", RequestLog(False, quiet=True)).in_thread() as server:
        rest = rest_of(server.rest_url)
        path = "/v1/models/foreign:predict"
        status, answer = rest.post(path, {"inputs": [1], "signature_name": "turned"})  # of numbers that JSON lacks
        assert (status, "no such signature" in answer["error"]) == (400, True)
        assert rest.post(path, {"instances": [1, 2.5]}) == (200, {"predictions": [2.0, 5.0]})
        assert rest.post(path, {"inputs": [1, 2.5], "signature_name": "total"}) == (200, {"outputs": 3.5})
        assert rest.post(path, {"instances": [1, 2.5], "signature_name": "total"})[0] == 400
        status, answer = rest.post(path, {"instances": [1, 2.5], "signature_name": "lying"})
        assert (status, "Export a signature with batch-major outputs" in answer["error"]) == (400, True)
        assert rest.post(path, {"inputs": {"b64": "/w=="}, "signature_name": "scalar"}) == (
            200,
            {"outputs": {"b64": "/w=="}},
        )


@pytest.mark.slow
def test_neighbours_change_no_answer(tmp_path_factory, make_server, rest_of):
    """Entities of texts that are asked together have the width of each request alone."""
    row = next(row for row in TASKS if row.task == "TokenClassifier")
    folder = tmp_path_factory.mktemp("entities")
    path = row.load(make_folder(folder, row.folder)).export(folder / "ner" / "1")
    served = ServedTask(path)
    texts = row.inputs["text"]
    with make_server(path, RequestLog(False, quiet=True), workers=1).in_thread() as server:
        answers = {}

        def ask(text):
            answers[text] = rest_of(server.rest_url).post("/v1/models/ner:predict", {"inputs": [text]})

        for _ in range(3):
            threads = [threading.Thread(target=ask, args=[text]) for text in texts]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for text in texts:
                status, answer = answers[text]
                assert status == 200
                for key, expected in served.predict([text]).items():
                    found = np.array(answer["outputs"][key])
                    assert found.shape == expected.shape, (text, key)
                    if expected.dtype == object:
                        assert json.dumps(answer["outputs"][key]) == json.dumps(expected.tolist())
                    else:
                        np.testing.assert_allclose(found, expected, atol=1e-5)
