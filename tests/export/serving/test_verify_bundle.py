"""Verification: a whole bundle passes; whatever is damaged fails a check by name, and raises nothing."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tfbert.config_file import METADATA_FILE
from tfbert.export import verify
from tfbert.export.serving.batching_config import BATCHING_FILE
from tfbert.export.serving.checks.bundle_checks import CHECKS
from tfbert.export.serving.manifest import MANIFEST_FILE, write_manifest
from tfbert.export.serving.models_config import CONFIG_FILE
from tfbert.export.serving.recorded_answers import ANSWERS_FILE
from tfbert.export.serving.verify_bundle import FAILED, PASSED, SKIPPED, verify_bundle
from tfbert.export.serving.warmup import WARMUP_FILE, read_warmup, write_warmup
from tfbert.json_file import read_json, write_json

VERSION = ("manifest", "files", "ops", "xla", "signatures", "answers", "rows", "utf-8", "warm-up")


def found(path):
    """The status of each check of a version, and what the first that failed says."""
    results = list(verify_bundle(path))
    failed = [result.detail for result in results if result.status == FAILED]
    return {result.name: result.status for result in results}, failed[0] if failed else None


def damaged(folder, name, damage):
    """Change a file, and write the manifest anew, as somebody would who knows of it."""
    damage(folder / name)
    write_manifest(folder)


def test_a_whole_bundle_passes(bundle):
    results = list(verify_bundle(bundle))
    assert [(result.where, result.name) for result in results] == [
        *((".", name) for name in CHECKS),
        *(("sentiment/1", name) for name in VERSION),
    ]
    assert {result.status for result in results} == {PASSED}
    assert all(result.detail for result in results)


@pytest.mark.parametrize(
    "name", ["saved_model.pb", "variables/variables.index", WARMUP_FILE, ANSWERS_FILE, METADATA_FILE]
)
@pytest.mark.parametrize("kind", ["flipped", "truncated", "deleted"])
def test_damaged_files_fail_the_manifest_and_are_not_loaded(copied, name, kind):
    path = copied / "sentiment" / "1" / name
    content = path.read_bytes()
    if kind == "deleted":
        path.unlink()
    else:
        half = len(content) // 2
        path.write_bytes(content[:half] + (bytes([content[half] ^ 1]) + content[half + 1 :]) * (kind == "flipped"))
    statuses, detail = found(copied / "sentiment")
    assert (statuses["manifest"], name in detail) == (FAILED, True)
    assert {statuses[name] for name in VERSION[2:]} == {SKIPPED}


@pytest.mark.parametrize("text", [None, "", "{}", '{"files": {"../x": "0"}}'])
def test_a_manifest_that_is_damaged_or_gone_fails(copied, text):
    path = copied / "sentiment" / "1" / MANIFEST_FILE
    path.unlink() if text is None else path.write_text(text)
    statuses, detail = found(path.parents[1])
    assert (statuses["manifest"], "manifest" in detail.lower()) == (FAILED, True)


def test_a_model_that_lies_elsewhere_is_verified_too(copied, tmp_path):
    elsewhere = shutil.move(copied / "sentiment", tmp_path / "elsewhere")
    path = copied / CONFIG_FILE
    path.write_text(path.read_text().replace("/models/sentiment", str(elsewhere)))
    (elsewhere / "1" / "saved_model.pb").unlink()  # so that it is not loaded
    results = {(result.where, result.name): result.status for result in verify_bundle(copied)}
    assert results[".", CONFIG_FILE] == PASSED
    assert results["elsewhere/1", "manifest"] == FAILED
    path.write_text("model_config_list {")
    (copied / "mood" / "1").mkdir(parents=True)
    results = {(result.where, result.name): result.status for result in verify_bundle(copied)}
    assert (results[".", CONFIG_FILE], results["mood/1", "files"]) == (FAILED, FAILED)


def test_an_empty_version_fails(tmp_path):
    (tmp_path / "m" / "1").mkdir(parents=True)
    statuses, detail = found(tmp_path / "m")
    assert (statuses["files"], detail) == (FAILED, "saved_model.pb is missing.")
    assert {statuses[name] for name in VERSION[2:]} == {SKIPPED}


@pytest.mark.parametrize(
    ("check", "name", "damage", "complaint"),
    [
        ("signatures", METADATA_FILE, lambda p: write_json(p, {**read_json(p), "inputs": ["title"]}), "title"),
        ("xla", METADATA_FILE, lambda p: write_json(p, {**read_json(p), "jit_compile": True}), "jit_compile=True"),
        ("xla", METADATA_FILE, lambda p: p.write_text("{}"), "lacks 'inputs'"),
        (
            "answers",
            ANSWERS_FILE,
            lambda p: p.write_text(p.read_text().replace('"values":[0.', '"values":[1.', 1)),
            "differs",
        ),
        ("answers", ANSWERS_FILE, lambda p: p.write_text("{}"), "answers"),
        ("warm-up", WARMUP_FILE, lambda p: p.write_bytes(p.read_bytes()[:-5]), "damaged"),
        ("ops", "saved_model.pb", lambda p: p.write_bytes(p.read_bytes()[:-9]), "pars"),
        ("answers", "variables/variables.data-00000-of-00001", lambda p: p.write_bytes(p.read_bytes()[:-9]), ""),
    ],
)
@pytest.mark.slow
def test_what_lies_under_a_right_manifest_is_looked_at(copied, check, name, damage, complaint):
    folder = copied / "sentiment" / "1"
    damaged(folder, name, damage)
    results = {result.name: result for result in verify_bundle(folder)}
    assert results["manifest"].status == PASSED
    assert (results[check].status, complaint in results[check].detail) == (FAILED, True), results[check]


@pytest.mark.slow
def test_a_warm_up_record_of_another_model_fails(copied):
    folder = copied / "sentiment" / "1"
    records = read_warmup(folder)
    records[3].predict_log.request.model_spec.signature_name = "embed"
    damaged(folder, WARMUP_FILE, lambda path: write_warmup(folder, records))
    results = {result.name: result for result in verify_bundle(folder)}
    assert results["warm-up"].status == FAILED
    assert "Record 3 asks for the signature 'embed'" in results["warm-up"].detail


def save(folder, functions):
    """A SavedModel of these signatures with tfbert's metadata."""
    module = tf.Module()
    spec = tf.TensorSpec([None], tf.string, name="text")
    signatures = {
        name: tf.function(function, input_signature=[spec], autograph=False).get_concrete_function()
        for name, function in functions.items()
    }
    ids = tf.TensorSpec([None, None], tf.int32, name="input_ids")
    signatures["ids"] = tf.function(
        lambda ids: {"logits": ids}, input_signature=[ids], autograph=False
    ).get_concrete_function()
    tf.saved_model.save(module, str(folder), signatures=signatures)
    (folder / METADATA_FILE).parent.mkdir()
    write_json(folder / METADATA_FILE, {"task": "text-embedding", "inputs": ["text"]})


def tokenize(text):
    return {"input_ids": tf.strings.length(text)[:, tf.newaxis]}


@pytest.mark.parametrize(
    ("answer", "check", "complaint"),
    [
        (lambda text: {"labels": tf.constant(["a", "b"])}, "signatures", "labels is not batch-major"),
        (
            lambda text: {"score": tf.cast(tf.strings.length(text), tf.float32) / tf.cast(tf.size(text), tf.float32)},
            "rows",
            "neighbours",
        ),
        (lambda text: {"score": tf.strings.length(tf.concat([text, text], 0))}, "rows", "shape (2,) for 1 rows"),
        (
            lambda text: {"word": tf.strings.substr(text + "é", 0, 6)},
            "utf-8",
            "serving_default/word holds a string that is no UTF-8",
        ),
        (
            lambda text: {
                "hash": tf.strings.to_hash_bucket_fast(text, 5),
                "x": tf.py_function(lambda t: t, [text], tf.string),
            },
            "ops",
            "EagerPyFunc",
        ),
    ],
)
def test_models_that_no_server_should_have_fail_a_check(tmp_path, answer, check, complaint):
    save(tmp_path / "1", {"serving_default": answer, "tokenize": tokenize})
    results = {result.name: result for result in verify_bundle(tmp_path / "1")}
    assert results["manifest"].status == SKIPPED
    assert results[check].status == FAILED
    assert complaint in results[check].detail


def test_a_classify_signature_that_servers_cannot_read_fails(tmp_path):
    def classify(text):
        return {"classes": text, "scores": tf.strings.length(text)}

    save(tmp_path / "1", {"serving_default": tokenize, "tokenize": tokenize, "classify": classify})
    results = {result.name: result for result in verify_bundle(tmp_path / "1")}
    assert (results["signatures"].status, "the inputs of classify" in results["signatures"].detail) == (FAILED, True)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("versions: 1", "versions: 2", "is to be served in [2]; its folder has [1]"),
        ("value: 1", "value: 7", "the label 'stable' names version 7"),
        ("/models/sentiment", "/models/mood", "sentiment is to be served in [1]; its folder has []"),
        ("tensorflow", "caffe", "model_platform"),
        ("config {", "konfig {", "is no text of a ModelServerConfig"),
    ],
)
def test_a_config_that_does_not_go_with_the_folders_fails(copied, old, new, complaint):
    path = copied / CONFIG_FILE
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=r".") as caught:
        CHECKS[CONFIG_FILE](copied)
    assert complaint in str(caught.value)


def test_other_policies_and_missing_files(copied):
    path = copied / CONFIG_FILE
    text = path.read_text()
    for policy in ("latest { num_versions: 1 }", "all { }"):
        path.write_text(text.replace("specific { versions: 1 }", policy))
        assert CHECKS[CONFIG_FILE](copied) == "1 models: sentiment"
    path.write_text(text.replace("}\n}", "}\n" + text.split("\n", 1)[1]))
    with pytest.raises(ValueError, match="twice"):
        CHECKS[CONFIG_FILE](copied)
    path.write_text("")
    with pytest.raises(ValueError, match="lists no model"):
        CHECKS[CONFIG_FILE](copied)
    path.unlink()
    with pytest.raises(ValueError, match="is missing"):
        CHECKS[CONFIG_FILE](copied)
    (copied / BATCHING_FILE).write_text("max_batch_size { value: 7 } allowed_batch_sizes: 4")
    with pytest.raises(ValueError, match="must be max_batch_size, 7"):
        CHECKS[BATCHING_FILE](copied)


@pytest.mark.parametrize("place", ["nothing", "a_file", "empty"])
def test_where_nothing_lies_there_is_nothing_to_verify(tmp_path, place):
    (tmp_path / "a_file").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="Give a version folder, a model's folder, or a bundle"):
        list(verify_bundle(tmp_path / place))


@pytest.mark.slow
def test_answers_that_are_a_little_off_are_noticed(copied):
    folder = copied / "sentiment" / "1"
    path = folder / ANSWERS_FILE
    recorded = json.loads(path.read_text())
    logits = recorded["answers"]["serving_default"]["logits"]["values"]
    logits[2] += 4 * verify.TOLERANCE * max(1.0, float(np.abs(logits).max()))
    damaged(folder, ANSWERS_FILE, lambda path: path.write_text(json.dumps(recorded)))
    statuses, detail = found(folder)
    assert (statuses["answers"], "serving_default/logits differs" in detail) == (FAILED, True)
    shutil.rmtree(folder)


def test_a_model_that_came_later_than_the_files_needs_other_flags(copied):
    path = copied / "sentiment" / "1" / ANSWERS_FILE
    recorded = json.loads(path.read_text())
    recorded["columns"]["text"] = [[text] for text in recorded["columns"]["text"]]
    path.write_text(json.dumps(recorded))
    metadata = copied / "sentiment" / "1" / METADATA_FILE
    write_json(metadata, {**read_json(metadata), "jit_compile": True})
    with pytest.raises(ValueError, match="XLA compiles") as caught:
        CHECKS["deployments"](copied)
    expected = [f"{need} {name}" for name in ("compose.yaml", "kubernetes.yaml") for need in ("CPU", "out of")]
    assert all(sentence in str(caught.value) for sentence in [*expected, "on a CPU kserve.yaml"])
    for name in ("compose.yaml", "kubernetes.yaml", "kserve.yaml"):
        text = (copied / name).read_text().replace("--enable_batching=true", "--xla_cpu_compilation_enabled=true")
        (copied / name).write_text(text)
    (copied / "kserve.yaml").unlink()
    assert CHECKS["deployments"](copied) == "servers are started as the models need it"
