"""The client against TF Serving's own classes and against our server: the answers are those of the export."""

import contextlib
import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfbert
from tests.serving.client.conftest import SERVERS
from tests.serving.conftest import ROWS
from tfbert.serving import Client

QUICK = ("TextClassifier",)
EVERY_TASK = [pytest.param(name, id=name, marks=() if name in QUICK else pytest.mark.slow) for name in ROWS]


QUICK_SERVERS = ("embedded rest", "embedded grpc")  # one server, which is loaded once
EVERY_SERVER = [pytest.param(name, marks=() if name in QUICK_SERVERS else pytest.mark.slow) for name in SERVERS]


@pytest.fixture(params=EVERY_SERVER)
def client(request, serving):
    """Return a function that gives a client of a task, which the peers of TF Serving or our own server serves."""
    opened = contextlib.ExitStack()
    with opened:
        yield lambda name, **options: opened.enter_context(
            Client(serving(request.param, name), model="tiny", **options)
        )


def assert_same(found, expected):
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        assert (found[name].dtype, found[name].shape) == (values.dtype, values.shape), name
        if values.dtype.kind == "f":
            np.testing.assert_allclose(found[name], values, atol=1e-5, err_msg=name)
        else:
            assert found[name].tolist() == values.tolist(), name


def close_to(expected):
    """What a pipeline returned, equal to what differs by rounding only."""
    if isinstance(expected, dict):
        return {name: close_to(value) for name, value in expected.items()}
    if isinstance(expected, list):
        return [close_to(value) for value in expected]
    return pytest.approx(expected, abs=1e-5) if isinstance(expected, float) else expected


@pytest.mark.parametrize("name", EVERY_TASK)
def test_predict_and_pipeline_are_those_of_the_export(client, served, name):
    row, task, asked = ROWS[name], served(name), client(name)
    assert asked.task_name == task.task_name
    expected = task.predict(row.inputs)
    assert_same(asked.predict(row.inputs), expected)
    assert_same(asked.predict(row.inputs, batch_size=1), expected)
    nothing = asked.predict({column: [] for column in row.inputs})
    assert {name: (values.dtype, values.ndim, len(values)) for name, values in nothing.items()} == {
        name: (values.dtype, values.ndim, 0) for name, values in expected.items()
    }
    rows = [dict(zip(row.inputs, values)) for values in zip(*row.inputs.values())]
    rows = [row for row in rows if "candidate_labels" not in row or row["text"]]  # which needs a text
    assert asked(rows) == close_to(tfbert.pipeline(model=task)(rows))


def test_many_rows_come_back_in_their_order(client, served):
    texts = [f"Anna lives in New York {'very ' * (number % 7)}{number}" for number in range(20)]
    asked = client("TextClassifier", batch_size=4, in_flight=3)
    assert_same(asked.predict(texts), served("TextClassifier").predict(texts))


def test_options_of_the_export_may_be_repeated_and_others_are_refused(client, exported):
    asked = client("TextClassifier")
    with pytest.raises(ValueError, match="does not tell"):
        asked("Anna", top_k=2)
    metadata = json.loads((exported("TextClassifier") / "assets.extra/tfbert.json").read_text())
    asked = client("TextClassifier", task=metadata)
    assert [len(labels) for labels in asked(["Anna", "Bob"], top_k=2)] == [2, 2]
    with pytest.raises(ValueError, match=r"was exported with .*top_k.*2.*received: .*'top_k': 3"):
        asked("Anna", top_k=3)


def test_every_form_of_text_is_taken(client):
    asked = client("TextClassifier")
    expected = asked.predict(["Anna", "北京 é 😀"])
    forms = [("Anna", "北京 é 😀"), np.array(["Anna", "北京 é 😀"]), [b"Anna", "北京 é 😀".encode()]]
    for form in [*forms, {"text": ["Anna", "北京 é 😀"]}, [{"text": "Anna"}, {"text": "北京 é 😀"}]]:
        assert_same(asked.predict(form), expected)
    with pytest.raises(ValueError, match=r"http.*|grpc.*takes \['text'\]. Received the keys"):
        asked.predict({"words": ["Anna"]})


def test_ids_are_asked_with_numbers(client, served):
    asked = client("TextClassifier", signature="ids")
    ids = {"input_ids": [[2, 5, 3], [2, 6, 3]], "attention_mask": [[1, 1, 1]] * 2, "token_type_ids": [[0, 0, 0]] * 2}
    function = served("TextClassifier").loaded.signatures["ids"]
    expected = function(**{name: tf.constant(values) for name, values in ids.items()})
    assert_same(asked.predict(ids), {name: values.numpy() for name, values in expected.items()})
    with pytest.raises(ValueError, match=r"`input_ids` must be DT_INT32 \[None, None\]. Received: shape \[2\]"):
        asked.predict({**ids, "input_ids": [1, 2]})
    with pytest.raises(ValueError, match=r"same number of rows. Received: \{.*'input_ids': 1"):
        asked.predict({**ids, "input_ids": [[1, 2, 3]]})
    with pytest.raises(ValueError, match="numbers go from"):
        asked.predict({**ids, "input_ids": [[2**40, 1, 1]] * 2})
    with pytest.raises(ValueError, match="is for no task of tfbert"):
        asked("Anna")


def test_status_and_metadata(client):
    asked = client("TextClassifier", version=1)
    assert asked.status() == [{"version": 1, "state": "AVAILABLE", "error": ""}]
    metadata = asked.metadata()
    assert sorted(metadata) == ["ids", "serving_default", "tokenize"]
    assert metadata["serving_default"]["inputs"] == {"text": "DT_STRING [None]"}
    assert metadata["serving_default"]["outputs"]["labels"] == "DT_STRING [None, 2]"


@pytest.mark.parametrize("options", [{"version": 7}, {"signature": "embed"}])
def test_what_is_not_served_is_not_found(client, options):
    with pytest.raises(tfbert.serving.ServingError, match=r"^NOT_FOUND: .*Check `model`, `version`"):
        client("TextClassifier", **options).predict("Anna")


def test_a_closed_client_says_so(client):
    asked = client("TextClassifier")
    with asked:
        asked.predict("Anna")
    with pytest.raises(ValueError, match="is closed"):
        asked.predict("Anna")


@pytest.mark.parametrize("server", EVERY_SERVER)
def test_no_tensorflow_is_imported(serving, server):
    code = (
        "import sys; from tfbert.serving import Client\n"
        "with Client(sys.argv[1], model='tiny') as client:\n"
        "    print(client('Anna'), client.predict(['a', 'b'])['label'])\n"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, serving(server, "TextClassifier")], check=True, timeout=60)
