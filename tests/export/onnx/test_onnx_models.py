"""ONNX files of tasks, asked in a process without TensorFlow."""

import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

import tfbert.export.onnx.export_onnx as export_module
from tests.export.test_every_task import assert_same
from tests.tasks.pipelines.references import make_folder
from tests.tasks.task_table import SENTENCES, TASKS
from tfbert import TFBertModel
from tfbert.export.onnx import load
from tfbert.export.onnx.clean_process import SCRIPT, answer_in_clean_process, reply, request
from tfbert.export.onnx.convert import to_onnx
from tfbert.export.onnx.fusions import fuse
from tfbert.export.report_file import report_path
from tfbert.export.verify import ExportError, compare_outputs
from tfbert.layers.activations import ACTIVATIONS
from tfbert.tasks import FeatureExtractor, MaskFiller, NextSentencePredictor, TextClassifier, TextEmbedder

LITERALS = ["[MASK] Anna [SEP]lives", "[CLS] x[UNK]y [PAD]"]


@pytest.fixture(scope="module")
def one_process():
    """Return the function that checks a file, in one process for all files of the module."""
    with subprocess.Popen(
        [sys.executable, "-I", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:

        def ask(path, batches):
            for batch in batches:
                process.stdin.write(request(path, batch) + "\n")
                process.stdin.flush()
                yield reply(process.stdout.readline())

        yield ask
        process.stdin.close()


@pytest.fixture(autouse=True)
def checked_there(monkeypatch, one_process):
    monkeypatch.setattr(export_module, "answer_in_clean_process", one_process)


def ids_of(task, columns):
    return {name: ids.numpy() for name, ids in task.ids_of(task.read_inputs(columns)).items()}


def forward(task, ids):
    with task.model.running_as("padded"):  # where padding is, packed execution gives other numbers
        return task.forward({name: tf.constant(values) for name, values in ids.items()}, training=False)


def export(task, path, columns, inputs="ids", **options):
    return task.export(path, format="onnx", inputs=inputs, text_pair="text_pair" in columns, **options)


@pytest.mark.exhaustive
@pytest.mark.parametrize("row", TASKS, ids=lambda row: row.task)
def test_every_task_leaves_as_a_function_of_ids(row, tmp_path):
    task = row.load(make_folder(tmp_path, row.folder))
    file = load(export(task, tmp_path / "task.onnx", row.inputs))
    ids = ids_of(task, row.inputs)
    found = file.run_ids(**ids)
    expected = {name: values for name, values in forward(task, ids).items() if name not in ids}
    compare_outputs(row.task, expected, found)
    none = {name: values[:0] for name, values in ids.items()}
    assert {name: values.shape for name, values in file.run_ids(**none).items()} == {
        name: (0, *values.shape[1:]) for name, values in found.items()
    }
    assert file.metadata["task"] == task.task_name
    with pytest.raises(ValueError, match="takes ids"):
        file.predict(["text"])


TEXTS = {"text": [*SENTENCES, *LITERALS, "a\0b"]}
PAIRS = {"text": [*SENTENCES, *LITERALS], "text_pair": [*SENTENCES[::-1], "", "[MASK] York"]}
OF_TEXT = {
    "classes": (TextClassifier, "sentiment", TEXTS, {"top_k": 2}),
    "classes of pairs": (TextClassifier, "sentiment", PAIRS, {}),
    "vectors": (TextEmbedder, "embedder_mean", TEXTS, {}),
    "hidden states": (FeatureExtractor, "features", TEXTS, {}),
    "next sentence": (NextSentencePredictor, "next_sentence", PAIRS, {}),
}
DEFAULT: dict[str, list] = {"classes of pairs": []}  # what a run without `exhaustive` takes


@pytest.mark.parametrize(
    ("task", "folder", "columns", "options"),
    [pytest.param(*case, id=name, marks=DEFAULT.get(name, [pytest.mark.exhaustive])) for name, case in OF_TEXT.items()],
)
def test_files_of_text_answer_as_the_task(task, folder, columns, options, tmp_path):
    task = task.from_pretrained(make_folder(tmp_path, folder), **options)
    file = load(export(task, tmp_path / "task.onnx", columns, inputs="text"), threads=1)
    expected = task.predict(columns, verbose=0)
    assert_same(file.predict(columns), expected)
    assert_same(file.predict({name: [text.encode() for text in column] for name, column in columns.items()}), expected)
    none = file.predict({name: [] for name in columns})
    assert {name: (len(values), values.ndim) for name, values in none.items()} == {
        name: (0, values.ndim) for name, values in expected.items()
    }
    with pytest.raises(ValueError, match="takes"):
        file.run_ids(input_ids=np.ones([1, 2]))


def classifier(tmp_path):
    return TextClassifier.from_pretrained(make_folder(tmp_path, "sentiment"))


def test_a_file_is_checked_in_a_process_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(export_module, "answer_in_clean_process", answer_in_clean_process)
    task = classifier(tmp_path)
    path = export(task, tmp_path / "task.onnx", TEXTS)
    written = path.read_bytes()
    report_path(path).touch()
    with pytest.raises(FileExistsError, match="overwrite"):
        export(task, path, TEXTS)
    with monkeypatch.context() as broken:
        broken.setattr(export_module, "fuse", lambda model: model.graph.node.add(op_type="NoSuchOp", output=["logits"]))
        with pytest.raises(ExportError, match="ONNX Runtime cannot run the file"):
            export(task, path, TEXTS, overwrite=True)
    assert path.read_bytes() == written
    names = ["sentiment", "task.onnx"]
    assert sorted(file.name for file in tmp_path.iterdir()) == [*names, "task.onnx.report.json"]
    export(task, path, TEXTS, overwrite=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == names  # the report was of the file before


def weight_bytes(path):
    return sum(len(tensor.raw_data) for tensor in onnx.load(path).graph.initializer)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("precision", "tolerance", "ratio"), [("float16", 2e-3, 0.6), ("dynamic_int8", 3e-2, 0.7)])
@pytest.mark.parametrize(("task", "folder"), [(TextEmbedder, "embedder_mean"), (MaskFiller, "words")])
def test_precisions(task, folder, precision, tolerance, ratio, tmp_path):
    task = task.from_pretrained(make_folder(tmp_path, folder))
    full = export(task, tmp_path / "full.onnx", TEXTS)
    path = export(task, tmp_path / "task.onnx", TEXTS, precision=precision)
    ids = ids_of(task, TEXTS)
    (expected,), (found,) = forward(task, ids).values(), load(path).run_ids(**ids).values()
    assert 0 < np.abs(found - expected).max() < tolerance * np.abs(expected).max()
    assert weight_bytes(path) < ratio * weight_bytes(full)


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["relative_key", "relative_key_query"])
def test_relative_positions(kind, tmp_path):
    task = TextEmbedder.from_pretrained(make_folder(tmp_path, "embedder_mean"))
    task = TextEmbedder(TFBertModel(task.config.replace(position_embedding_type=kind)), task.tokenizer)
    ids = ids_of(task, TEXTS)
    found = load(export(task, tmp_path / "task.onnx", TEXTS)).run_ids(**ids)
    compare_outputs(kind, forward(task, ids), found)


def test_refused(tmp_path):
    task = classifier(tmp_path)
    full_int8 = {"precision": "full_int8", "calibration_texts": ["a"]}
    for options, message in [(full_int8, "litert"), ({"precision": "int4"}, "float16")]:
        with pytest.raises(ValueError, match=message):
            export(task, tmp_path / "task.onnx", TEXTS, **options)
    with pytest.raises(ValueError, match="must end in"):
        export(task, tmp_path / "task", TEXTS)
    (tmp_path / "no.onnx").write_bytes(b"no ONNX file")
    with pytest.raises(ValueError, match="cannot open"):
        load(tmp_path / "no.onnx")
    with pytest.raises(FileNotFoundError, match="no ONNX file"):
        load(tmp_path / "none.onnx")


def test_an_op_without_an_onnx_form_is_named():
    with pytest.raises(ExportError, match="Betainc"):
        to_onnx(lambda x: {"y": tf.math.betainc(x, x, x)}, [tf.TensorSpec([None], name="x")], [])


def test_every_activation_converts():
    x = np.random.default_rng(0).normal(size=[5, 4]).astype("float32") * 4
    names = sorted(set(ACTIVATIONS))
    model = to_onnx(lambda x: {name: ACTIVATIONS[name](x) for name in names}, [tf.TensorSpec([None, 4], name="x")], [])
    fuse(model)
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    found = onnxruntime.InferenceSession(model.SerializeToString()).run(names, {"x": x})
    for name, values in zip(names, found):
        np.testing.assert_allclose(values, ACTIVATIONS[name](tf.constant(x)), atol=1e-5, err_msg=name)
