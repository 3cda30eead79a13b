"""Serving bundles: what lies in them, who can read it, and what a second export leaves alone."""

import json
import logging
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import yaml

from tests.conftest import copy_tiny
from tests.export.c_program import answer_in_c, build_c_program
from tfbert.export.serving.examples import to_examples
from tfbert.export.serving.manifest import check_manifest
from tfbert.export.serving.models_config import (
    CONFIG_FILE,
    read_models_config,
)
from tfbert.export.serving.server_flags import IMAGE, XLA_FLAG
from tfbert.export.serving.verify_bundle import verify_bundle
from tfbert.export.serving.version_numbers import version_numbers
from tfbert.export.serving.warmup import read_warmup, warmup_request
from tfbert.tasks import TextClassifier
from tfbert.tasks.served_task import ServedTask

TEXTS = ["I love the unaffable cat!", "Café déjà vu 北京", "", "zzz " * 60]
FILES = ["README.md", "batching.config", "compose.yaml", "kserve.yaml", "kubernetes.yaml", CONFIG_FILE]


def curl_bodies(readme):
    """The bodies of the README's requests by their addresses' ends."""
    lines = [shlex.split(line) for line in readme.splitlines() if line.startswith("    curl ")]
    return {line[3].rpartition("/v1/models/")[2]: json.loads(line[2]) for line in lines}


def test_an_operator_gets_all_files(bundle):
    shown = sorted(path.name for path in bundle.iterdir() if not path.name.startswith("."))
    assert shown == sorted([*FILES, "monitoring.config", "sentiment"])
    assert [path.name for path in (bundle / "sentiment").iterdir()] == ["1"]
    check_manifest(bundle / "sentiment" / "1")


@pytest.mark.slow
def test_the_version_is_asked_as_any_saved_model(classifier, bundle):
    served = ServedTask(bundle / "sentiment" / "1")
    expected = classifier.predict(TEXTS, verbose=0)
    found = served.predict(TEXTS, batch_size=2)
    assert found["label"].tolist() == expected["label"].tolist()
    np.testing.assert_allclose(found["scores"], expected["scores"], atol=1e-6)


def test_a_session_classifies_examples(classifier, bundle):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(bundle / "sentiment" / "1"))
        signature = meta.signature_def["classify"]
        tensors = {key: info.name for key, info in signature.outputs.items()}
        examples = {signature.inputs["inputs"].name: to_examples({"text": TEXTS})}
        found = session.run(tensors, examples)
        feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"a"]))
        nameless = tf.train.Example(features=tf.train.Features(feature={"title": feature}))
        with pytest.raises(tf.errors.InvalidArgumentError, match="text"):
            session.run(tensors, {signature.inputs["inputs"].name: [nameless.SerializeToString()]})
    expected = classifier.predict(TEXTS, verbose=0)
    assert [[label.decode() for label in row] for row in found["classes"]] == expected["labels"].tolist()
    np.testing.assert_allclose(found["scores"], expected["scores"], atol=1e-6)


@pytest.mark.slow
def test_a_session_replays_the_warm_up(bundle):
    asked = [warmup_request(record) for record in read_warmup(bundle / "sentiment" / "1")]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(bundle / "sentiment" / "1"))
        for name, inputs in asked:
            definition = meta.signature_def[name]
            outputs = {key: info.name for key, info in definition.outputs.items()}
            answers = session.run(outputs, {definition.inputs[key].name: inputs[key] for key in inputs})
            assert {len(values) for values in answers.values()} == {len(values) for values in inputs.values()}


@pytest.mark.slow
def test_warm_up_asks_every_signature_in_every_batch_bucket(bundle):
    signatures = tf.saved_model.load(str(bundle / "sentiment" / "1")).signatures
    asked = set()
    for record in read_warmup(bundle / "sentiment" / "1"):
        name, inputs = warmup_request(record)
        answers = signatures[name](**{key: tf.constant(values) for key, values in inputs.items()})
        (rows,) = {len(values) for values in (*inputs.values(), *answers.values())}
        asked.add((name, rows))
    assert asked == {
        (name, rows) for name in ("serving_default", "tokenize", "ids", "classify") for rows in (1, 2, 4, 8, 16, 32)
    }


def test_manifests_of_kubernetes_and_compose_say_what_is_needed(bundle):
    compose = yaml.safe_load((bundle / "compose.yaml").read_text())["services"]["tensorflow-serving"]
    assert compose["image"] == IMAGE
    assert ".:/models:ro" in compose["volumes"]
    deployment, service = yaml.safe_load_all((bundle / "kubernetes.yaml").read_text())
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert (deployment["kind"], service["kind"], container["image"]) == ("Deployment", "Service", IMAGE)
    assert container["args"] == compose["command"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/v1/models/sentiment"
    assert {"livenessProbe", "startupProbe"} <= set(container)
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert (
        ports == {"grpc": 8500, "rest": 8501} == {port["targetPort"]: port["port"] for port in service["spec"]["ports"]}
    )
    model = yaml.safe_load((bundle / "kserve.yaml").read_text())["spec"]["predictor"]["model"]
    assert (model["modelFormat"], model["runtimeVersion"]) == ({"name": "tensorflow"}, IMAGE.partition(":")[2])
    assert model["storageUri"].endswith("/sentiment")
    for flag in compose["command"]:
        name, _, value = flag.partition("=")
        if value.startswith("/models/"):
            assert (bundle / value.removeprefix("/models/")).is_file(), name
        assert XLA_FLAG not in flag


def test_the_readme_asks_what_the_signature_takes(bundle):
    readme = (bundle / "README.md").read_text()
    bodies = curl_bodies(readme)
    assert set(bodies) == {
        "sentiment:predict",
        "sentiment/versions/1:predict",
        "sentiment/labels/stable:predict",
        "sentiment:classify",
    }
    served = ServedTask(bundle / "sentiment" / "1")
    assert len(served.predict(bodies["sentiment:predict"]["instances"])["label"]) == 1
    body = bodies["sentiment:classify"]
    examples = to_examples({"text": [row["text"] for row in body["examples"]]})
    answer = served.loaded.signatures[body["signature_name"]](inputs=tf.constant(examples))
    assert answer["classes"].shape == (1, 3)
    for code in re.findall(r"(?m)(?:^    .*\n|^\n)+", readme):
        text = re.sub(r"(?m)^    ", "", code)
        if "import " in text:
            compile(text, "README.md", "exec")


@pytest.mark.slow
def test_the_next_export_is_the_next_version_and_leaves_edits_alone(classifier, copied):
    for name in FILES[1:5]:
        (copied / name).write_text((copied / name).read_text() + "# mine\n")
    (copied / CONFIG_FILE).write_text(
        (copied / CONFIG_FILE).read_text().replace('base_path: "/m', 'base_path: "/srv/m')
    )
    assert classifier.export(copied, format="serving", name="sentiment") == copied / "sentiment" / "2"
    assert version_numbers(copied / "sentiment") == [1, 2]
    (entry,) = read_models_config(copied).model_config_list.config
    assert entry.base_path == "/srv/models/sentiment"
    assert (list(entry.model_version_policy.specific.versions), dict(entry.version_labels)) == ([1, 2], {"stable": 1})
    for name in FILES[1:5]:
        assert (copied / name).read_text().endswith("# mine\n"), name
    assert "sentiment/versions/2:predict" in curl_bodies((copied / "README.md").read_text())


@pytest.mark.slow
def test_a_second_model_joins_the_first(classifier, copied):
    classifier.export(copied, "serving", name="Moods_2", text_pair=True)
    names = [entry.name for entry in read_models_config(copied).model_config_list.config]
    assert names == ["sentiment", "Moods_2"]
    documents = list(yaml.safe_load_all((copied / "kserve.yaml").read_text()))
    assert [document["metadata"]["name"] for document in documents] == ["sentiment", "moods-2"]
    bodies = curl_bodies((copied / "README.md").read_text())
    assert set(bodies["Moods_2:predict"]["instances"][0]) == {"text", "text_pair"}
    assert set(bodies["Moods_2:classify"]["examples"][0]) == {"text", "text_pair"}
    assert [check for check in verify_bundle(copied / "Moods_2") if check.status != "ok"] == []


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"name": "a/b"}, "`name` must be of letters"),
        ({"overwrite": True}, "each export is a new version"),
        ({"precision": "float16"}, "precision"),
        ({"inputs": "ids"}, "inputs"),
        ({"format": "tf_saved_model", "name": "a"}, "`name` goes with format='serving'"),
        ({"format": "onnx", "name": "a"}, "`name` goes with format='serving'"),
    ],
)
def test_what_does_not_go_with_a_bundle_is_refused(classifier, tmp_path, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        classifier.export(tmp_path / "models", **{"format": "serving", **options})
    assert list(tmp_path.iterdir()) == []


def test_a_saved_model_is_no_bundle_and_no_model(classifier, bundle, tmp_path):
    with pytest.raises(FileExistsError, match="is a SavedModel itself"):
        classifier.export(bundle / "sentiment" / "1", format="serving")
    shutil.copytree(bundle / "sentiment" / "1", tmp_path / "mine")
    with pytest.raises(FileExistsError, match="is a SavedModel itself"):
        classifier.export(tmp_path, format="serving", name="mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_config_that_cannot_be_read_stops_the_export_before_it_writes(classifier, tmp_path):
    (tmp_path / CONFIG_FILE).write_text("model_config_list {")
    with pytest.raises(ValueError, match="Repair or remove it"):
        classifier.export(tmp_path, format="serving")
    assert [path.name for path in tmp_path.iterdir()] == [CONFIG_FILE]


def test_a_model_that_is_served_from_elsewhere_is_not_exported(classifier, copied):
    before = (copied / CONFIG_FILE).read_text()
    (copied / CONFIG_FILE).write_text(before.replace("/models/sentiment", "/models/moods"))
    with pytest.raises(ValueError, match="Change its base_path"):
        classifier.export(copied, format="serving", name="sentiment")
    assert version_numbers(copied / "sentiment") == [1]


@pytest.mark.slow
def test_a_c_program_answers_with_the_libraries_of_the_stock_server(classifier, bundle, tmp_path):
    if shutil.which("gcc") is None:
        pytest.fail("gcc is missing: run `make tools`.")
    program = build_c_program(tmp_path)
    found = answer_in_c(program, bundle / "sentiment" / "1", {"text": TEXTS[0]})
    expected = classifier.predict(TEXTS[:1], verbose=0)
    assert found["labels"] == expected["labels"][0].tolist()
    np.testing.assert_allclose(found["scores"], expected["scores"][0], atol=1e-5)


@pytest.mark.slow
def test_what_xla_compiles_is_warmed_up_for_every_length(tmp_path, caplog):
    folder = copy_tiny("classifier_single_label", tmp_path)
    task = TextClassifier.from_pretrained(folder)
    task.export(tmp_path / "models", format="serving", name="plain")
    with caplog.at_level(logging.WARNING, "tfbert"):
        path = task.export(tmp_path / "models", format="serving", name="compiled", jit_compile=True)
    assert [name in caplog.text for name in ("compose.yaml", "kubernetes.yaml", "kserve.yaml")] == [True, True, False]
    shapes = {
        (len(inputs["input_ids"]), inputs["input_ids"].shape[1])
        for name, inputs in map(warmup_request, read_warmup(path))
        if name == "ids"
    }
    assert shapes == {(rows, length) for rows in (1, 2, 4, 8, 16, 32) for length in (16, 32, task.longest_input)}
    checks = {(check.where, check.name): check for check in verify_bundle(tmp_path / "models")}
    detail = checks[".", "deployments"].detail
    assert f"XLA compiles compiled: on a CPU compose.yaml needs {XLA_FLAG}=true." in detail
    assert "kserve.yaml" not in detail
    assert "on a CPU the server needs" in checks["compiled/1", "xla"].detail
    assert [check.name for check in checks.values() if check.status != "ok"] == ["deployments"]
    for name in ("compose.yaml", "kubernetes.yaml"):
        (tmp_path / "models" / name).unlink()
    task.export(tmp_path / "models", format="serving", name="compiled", jit_compile=True)
    assert f"- {XLA_FLAG}=true" in (tmp_path / "models" / "compose.yaml").read_text()
    assert next(check for check in verify_bundle(tmp_path / "models") if check.name == "deployments").status == "ok"


EXPORTER = """
import sys
from tfbert.tasks import TextClassifier
task = TextClassifier.from_pretrained(sys.argv[1], max_length=24)
for _ in range(2):
    print(task.export(sys.argv[2], "serving", name=sys.argv[3]), flush=True)
"""


@pytest.mark.slow
def test_exporters_at_once_lose_no_version_and_no_model(classifier, tmp_path):
    classifier.save_pretrained(tmp_path / "checkpoint")
    root = tmp_path / "models"
    processes = [
        subprocess.Popen([sys.executable, "-c", EXPORTER, str(tmp_path / "checkpoint"), str(root), name])
        for name in ("a", "a", "b")
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert version_numbers(root / "a") == [1, 2, 3, 4]
    assert version_numbers(root / "b") == [1, 2]
    entries = {entry.name: entry for entry in read_models_config(root).model_config_list.config}
    for name, newest in (("a", 4), ("b", 2)):
        (labelled,) = entries.pop(name).version_labels.values()
        assert labelled in (1, 2)  # whichever of two exporters was the first to say so
        config = read_models_config(root).model_config_list.config
        (versions,) = [entry.model_version_policy.specific.versions for entry in config if entry.name == name]
        assert list(versions) == [labelled, newest]
    assert not entries
    for name, number in (("a", 4), ("b", 2)):
        check_manifest(root / name / str(number))
