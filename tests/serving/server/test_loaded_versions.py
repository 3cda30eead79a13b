"""What is made of versions once they are in memory: their queues, their metrics, and those that XLA compiles."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import copy_tiny
from tfbert.config_file import METADATA_FILE
from tfbert.json_file import write_json
from tfbert.serving.metrics import Metrics
from tfbert.serving.models.model_version import ModelVersion
from tfbert.serving.request_log import RequestLog
from tfbert.tasks import TextClassifier
from tfbert.tasks.served_task import ServedTask


@pytest.mark.parametrize(
    ("metadata", "dtype", "width"),
    [({}, tf.int32, 5), ({"task": "token-classification"}, tf.int32, 3), ({"task": "own"}, tf.float32, 5)],
)
def test_only_our_own_answers_are_cut_to_their_length(tmp_path, metadata, dtype, width):
    class Foreign(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def lengths(self, x):
            return {
                "length": tf.cast(3 * tf.ones_like(x), dtype),
                "states": tf.ones([tf.size(x), 5])[:, : tf.size(x) + 9],
            }

    module = Foreign()
    tf.saved_model.save(module, str(tmp_path), {"serving_default": module.lengths.get_concrete_function()})
    (tmp_path / METADATA_FILE).parent.mkdir()
    write_json(tmp_path / METADATA_FILE, metadata)
    cuts = []
    version = ModelVersion("foreign", 1, tmp_path)
    version.make_batchers(lambda version, signature, cut: cuts.append(cut))
    answers = version.signature("")({"x": np.ones(2, np.float32)})
    assert cuts[0](answers)["states"].shape == (2, width)


def test_versions_that_are_gone_have_no_metrics():
    metrics = Metrics()
    for version in ("1", "2"):
        for _ in range(2):
            metrics.request("rest", "tiny", version, "serving_default", "OK", rows=2, seconds=0.01)
        metrics.batch("tiny", int(version), "serving_default")(2, [0.01])
    metrics.request("rest", "other", "1", "serving_default", "OK", rows=1, seconds=0.01)
    metrics.show_queues([("tiny", 1, "serving_default", 3), ("tiny", 2, "serving_default", 3)])
    metrics.forget("tiny", 1)
    lines = metrics.text().decode().splitlines()
    assert [line for line in lines if 'model="tiny"' in line and 'version="1"' in line] == []
    assert 'tfbert_texts_total{model="tiny",version="2"} 4.0' in lines
    assert 'tfbert_texts_total{model="other",version="1"} 1.0' in lines
    metrics.request("rest", "tiny", "1", "serving_default", "OK", rows=2, seconds=0.01)  # it came back
    assert 'tfbert_texts_total{model="tiny",version="1"} 2.0' in metrics.text().decode()


@pytest.mark.slow
def test_what_xla_compiles_is_served(tmp_path, make_server, rest_of):
    task = TextClassifier.from_pretrained(copy_tiny("classifier_single_label", tmp_path), max_length=24)
    folder = task.export(tmp_path / "models", format="serving", name="tiny", jit_compile=True)
    assert json.loads((folder / METADATA_FILE).read_text())["jit_compile"] is True
    with make_server(folder.parent.parent, RequestLog(False, quiet=True)).in_thread() as server:
        rest = rest_of(server.rest_url)
        for texts in (["a cat"], ["I love the unaffable cat!", "", "Café 北京"], ["zzz " * 40] * 70):
            status, answer = rest.predict(*texts)
            assert status == 200
            expected = ServedTask(folder).predict(texts)
            assert [row["label"] for row in answer["predictions"]] == expected["label"].tolist()
            found = [row["scores"] for row in answer["predictions"]]
            np.testing.assert_allclose(found, expected["scores"], atol=1e-5)
            np.testing.assert_allclose(found, task.predict(texts)["scores"], atol=1e-5)
