"""The SavedModel in every kind of loader, its signatures, and what is left behind when writing it fails."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from tests.export.conftest import TEXTS
from tfbert.export import ExportError, verify
from tfbert.export.staging import staged_folder
from tfbert.export.verify import FAST_TEXT_OPS, PYTHON_OPS, check_ops, ops_of
from tfbert.layers import FastBertTokenizer
from tfbert.tasks import TextClassifier
from tfbert.tasks.served_task import ServedTask

IN_A_NEW_PROCESS = """
import json, sys
import tensorflow as tf
import tensorflow_text
model = tf.saved_model.load(sys.argv[1])
answer = model.signatures["serving_default"](text=tf.constant(json.loads(sys.argv[2])))
assert "tfbert" not in sys.modules
print(json.dumps({name: values.numpy().tolist() for name, values in answer.items()}, default=bytes.decode))
"""


@pytest.mark.slow
def test_a_new_process_without_tfbert_answers_alike(classifier, saved_model):
    expected = classifier.predict(TEXTS, verbose=0)
    result = subprocess.run(
        [sys.executable, "-c", IN_A_NEW_PROCESS, str(saved_model), json.dumps(TEXTS)],
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert set(answer) == set(expected)
    assert answer["label"] == expected["label"].tolist()
    assert answer["labels"] == expected["labels"].tolist()
    for name in ("score", "scores", "logits"):
        np.testing.assert_allclose(answer[name], expected[name], atol=1e-6)


def test_a_plain_session_finds_its_variables(classifier, saved_model):
    graph = tf.Graph()
    with tf.compat.v1.Session(graph=graph) as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(saved_model))
        signature = meta.signature_def["serving_default"]
        logits = session.run(
            signature.outputs["logits"].name, {signature.inputs["text"].name: [text.encode() for text in TEXTS]}
        )
    np.testing.assert_allclose(logits, classifier.predict(TEXTS, verbose=0)["logits"], atol=1e-6)


def test_signatures_have_named_batch_major_tensors(saved_model):
    signatures = tf.saved_model.load(str(saved_model)).signatures
    described = {
        name: (
            {key: (spec.dtype.name, spec.shape.as_list()) for key, spec in f.structured_input_signature[1].items()},
            {key: (spec.dtype.name, spec.shape.as_list()) for key, spec in f.structured_outputs.items()},
        )
        for name, f in signatures.items()
    }
    ids = {key: ("int32", [None, None]) for key in ("input_ids", "attention_mask", "token_type_ids")}
    assert described == {
        "serving_default": (
            {"text": ("string", [None])},
            {
                "label": ("string", [None]),
                "score": ("float32", [None]),
                "labels": ("string", [None, 3]),
                "scores": ("float32", [None, 3]),
                "logits": ("float32", [None, 3]),
            },
        ),
        "tokenize": ({"text": ("string", [None])}, ids),
        "ids": (ids, {"logits": ("float32", [None, 3])}),
    }


def test_tokenize_and_ids_make_the_default_signature(classifier, saved_model):
    signatures = tf.saved_model.load(str(saved_model)).signatures
    text = tf.constant(TEXTS)
    ids = signatures["tokenize"](text=text)
    logits = signatures["ids"](**ids)["logits"]
    np.testing.assert_allclose(logits, signatures["serving_default"](text=text)["logits"], atol=1e-6)
    np.testing.assert_array_equal(ids["input_ids"], classifier.tokenizer(text)["input_ids"])


def test_empty_batch_is_answered(saved_model):
    loaded = tf.saved_model.load(str(saved_model))
    answer = loaded.signatures["serving_default"](text=tf.constant([], tf.string))
    assert answer["label"].shape == (0,)
    assert answer["scores"].shape == (0, 3)


def test_ops_are_those_that_a_stock_server_links(saved_model):
    ops = ops_of(saved_model)
    assert ops >= FAST_TEXT_OPS
    assert not ops & PYTHON_OPS
    assert not any("HashTable" in op for op in ops)


def test_nothing_is_compiled_by_xla(saved_model):
    proto = SavedModel.FromString((saved_model / "saved_model.pb").read_bytes())
    functions = [function for graph in proto.meta_graphs for function in graph.graph_def.library.function]
    assert functions
    assert not any(function.attr["_XlaMustCompile"].b for function in functions)


def test_metadata_says_what_the_model_is(saved_model):
    metadata = json.loads((saved_model / "assets.extra" / "tfbert.json").read_text(encoding="utf-8"))
    assert metadata["task"] == "text-classification"
    assert metadata["labels"] == ["bad", "so-so", "très bien"]
    assert metadata["max_length"] == 16
    assert metadata["jit_compile"] is False


def test_what_is_not_compiled_is_not_warmed_up(saved_model):
    with pytest.raises(ValueError, match="jit_compile=True"):
        ServedTask(saved_model).warm_up()


def test_pairs_are_two_inputs(classifier, tmp_path):
    path = classifier.export(tmp_path / "pairs" / "1", text_pair=True)
    loaded = tf.saved_model.load(str(path))
    first, second = TEXTS, TEXTS[::-1]
    answer = loaded.signatures["serving_default"](text=tf.constant(first), text_pair=tf.constant(second))
    expected = classifier.predict({"text": first, "text_pair": second}, verbose=0)
    np.testing.assert_allclose(answer["logits"], expected["logits"], atol=1e-6)


def test_existing_folder_is_kept_unless_told(classifier, saved_model):
    before = (saved_model / "saved_model.pb").read_bytes()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        classifier.export(saved_model)
    assert (saved_model / "saved_model.pb").read_bytes() == before


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_no_saved_model_is_never_replaced(classifier, tmp_path, kind):
    path = tmp_path / "thesis"
    if kind == "folder":
        path.mkdir()
        (path / "thesis.txt").write_text("precious")
    else:
        path.write_text("precious")
    with pytest.raises(FileExistsError, match="holds no SavedModel"):
        classifier.export(path, overwrite=True)
    assert (path / "thesis.txt" if kind == "folder" else path).read_text() == "precious"


def test_paths_that_tensorflow_takes_for_patterns_are_refused(classifier, tmp_path):
    with pytest.raises(ValueError, match="patterns"):
        classifier.export(tmp_path / "m[1]")


def test_a_tokenizer_that_refuses_long_texts_is_exported(classifier, tmp_path):
    config = {**classifier.tokenizer.get_config(), "truncation": False}
    strict = TextClassifier(classifier.model, FastBertTokenizer.from_config(config))
    path = strict.export(tmp_path / "strict")
    loaded = tf.saved_model.load(str(path))
    with pytest.raises(tf.errors.InvalidArgumentError, match="max_length=16"):
        loaded.signatures["serving_default"](text=tf.constant(["zzz " * 60]))


@pytest.mark.parametrize("kind", ["lookup table", "XLA"])
def test_lookup_tables_and_xla_are_refused(tmp_path, kind):
    module = tf.Module()
    if kind == "XLA":
        inner = tf.function(lambda x: x * 2.0, jit_compile=True)
        function = tf.function(inner, input_signature=[tf.TensorSpec([None])])
    else:
        initializer = tf.lookup.KeyValueTensorInitializer(["a"], [1])
        module.table = tf.lookup.StaticHashTable(initializer, -1)
        function = tf.function(module.table.lookup, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path / "m"), signatures=function.get_concrete_function())
    with pytest.raises(ExportError, match=r"XLA|LookupTable"):
        check_ops(tmp_path / "m")


def test_overwrite_replaces_and_leaves_nothing_else(classifier, tmp_path):
    path = tmp_path / "m" / "1"
    path.mkdir(parents=True)
    (path / "saved_model.pb").write_text("old")
    (path / "old").write_text("old")
    classifier.export(path, overwrite=True)
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["1"]
    assert not (path / "old").exists()


def test_a_model_that_answers_differently_is_never_put_in_place(classifier, tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "TOLERANCE", -1.0)
    with pytest.raises(ExportError, match="differs from the model"):
        classifier.export(tmp_path / "m" / "1")
    assert list((tmp_path / "m").iterdir()) == []


def test_python_functions_are_refused_by_name(tmp_path):
    module = tf.Module()
    function = tf.function(
        lambda text: tf.py_function(lambda t: t, [text], tf.string), input_signature=[tf.TensorSpec([None], tf.string)]
    )
    tf.saved_model.save(module, str(tmp_path / "m"), signatures=function.get_concrete_function())
    with pytest.raises(ExportError, match="EagerPyFunc"):
        check_ops(tmp_path / "m")


def test_unknown_format_is_refused(classifier, tmp_path):
    with pytest.raises(ValueError, match="`format` must be one of"):
        classifier.export(tmp_path / "1", format="torchscript")


KILLED_WRITER = """
import sys, time
from tfbert.export.staging import staged_folder
with staged_folder(sys.argv[1]) as folder:
    (folder / "saved_model.pb").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_a_killed_writer_leaves_no_version_and_the_next_one_cleans_up(tmp_path):
    target = tmp_path / "model" / "1"
    writer = subprocess.Popen([sys.executable, "-c", KILLED_WRITER, str(target)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline().strip() == "writing"
    assert [entry.name.rpartition("-")[0] for entry in target.parent.iterdir()] == [".1.partial"]
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert not target.exists()
    with staged_folder(target) as folder:
        (folder / "saved_model.pb").write_text("whole")
    assert [entry.name for entry in target.parent.iterdir()] == ["1"]
    assert (target / "saved_model.pb").read_text() == "whole"


def test_a_failed_rename_puts_the_old_model_back(tmp_path, monkeypatch):
    target = tmp_path / "model" / "1"
    target.mkdir(parents=True)
    (target / "saved_model.pb").write_text("old")
    rename = os.rename

    def fail_for_the_new(source, destination):
        if Path(source, "saved_model.pb").read_text() == "new":
            raise OSError("disk gone")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", fail_for_the_new)
    with pytest.raises(OSError, match="disk gone"), staged_folder(target, overwrite=True) as folder:
        (folder / "saved_model.pb").write_text("new")
    assert (target / "saved_model.pb").read_text() == "old"
    assert [entry.name for entry in target.parent.iterdir()] == ["1"]


EXPORT_THAT_IS_KILLED = """
import sys, threading, os, signal, pathlib
from tfbert.tasks import TextClassifier
classifier = TextClassifier.from_pretrained(sys.argv[1], max_length=16)
target = pathlib.Path(sys.argv[2])
def kill_when_half_written():
    while not list(target.parent.glob(".1.partial-*/new/saved_model.pb")):
        pass
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=kill_when_half_written, daemon=True).start()
classifier.export(target)
"""


@pytest.mark.slow
def test_a_killed_export_leaves_no_version(classifier, tmp_path):
    classifier.save_pretrained(tmp_path / "checkpoint")
    target = tmp_path / "model" / "1"
    target.parent.mkdir()
    result = subprocess.run(
        [sys.executable, "-c", EXPORT_THAT_IS_KILLED, str(tmp_path / "checkpoint"), str(target)], capture_output=True
    )
    assert result.returncode == -signal.SIGKILL
    assert not target.exists()
    assert not any(entry.name.isdigit() for entry in target.parent.iterdir())
    classifier.export(target)
    assert [entry.name for entry in target.parent.iterdir()] == ["1"]
