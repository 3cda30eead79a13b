"""LiteRT files: the answers of the task, without TensorFlow; what does not fit is refused."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import tfbert.export
from tests.tasks.pipelines.references import make_folder
from tests.tasks.same_arrays import assert_same_arrays
from tests.tasks.task_table import SENTENCES, TASKS
from tfbert.export import ExportError
from tfbert.export.verify import compare_outputs
from tfbert.tasks import TextClassifier, TextEmbedder
from tfbert.tasks.served_task import ServedTask

ROWS = {row.task: row for row in TASKS}
TAKE_TEXT = ["TextClassifier", "TextEmbedder", "FeatureExtractor", "NextSentencePredictor", "ChoiceSelector"]
REFUSED = {
    "TokenClassifier": "DecodeRaw",
    "QuestionAnswerer": "DecodeRaw",
    "MaskFiller": "UnsortedSegmentJoin",
    "ZeroShotClassifier": "DecodeRaw",
    "TextGenerator": "StringJoin",
}
IN_A_NEW_PROCESS = """
import json, sys
import numpy as np
path, texts = json.loads(sys.stdin.read())
from ai_edge_litert.interpreter import InterpreterWithCustomOps
from tensorflow_text.core.pybinds import tflite_registrar
interpreter = InterpreterWithCustomOps(model_path=path, custom_op_registerers=[
    tflite_registrar.AddFastBertNormalize, tflite_registrar.AddFastWordpieceTokenize])
answer = interpreter.get_signature_runner("serving_default")(text=np.array(texts))
assert "tfbert" not in sys.modules
print(json.dumps({name: value.tolist() for name, value in answer.items()}, default=bytes.decode))
"""
WITHOUT_TENSORFLOW = """
import json, sys
import tfbert.export
path, texts = json.loads(sys.stdin.read())
answer = tfbert.export.litert.load(path, threads=1).predict(texts)
import hashlib, ssl  # whose library another one of the same names must not hide
assert "tensorflow" not in sys.modules
print(json.dumps({name: value.tolist() for name, value in answer.items()}))
"""


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    row = ROWS["TextClassifier"]
    return row.load(make_folder(tmp_path_factory.mktemp("classifier"), row.folder))


@pytest.fixture(scope="module")
def path(classifier, tmp_path_factory):
    return classifier.export(tmp_path_factory.mktemp("exported") / "model.tflite", format="litert")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.exhaustive] * (i > 3)) for i, n in enumerate(TAKE_TEXT)]
)
def test_a_file_answers_as_its_task(name, tmp_path):
    row = ROWS[name]
    task = row.load(make_folder(tmp_path, row.folder))
    path = task.export(tmp_path / "model.tflite", format="litert")
    expected = task.predict(row.inputs, verbose=0)
    model = tfbert.export.litert.load(path)
    assert_same_arrays(model.predict(row.inputs, batch_size=3), expected)
    assert_same_arrays(ServedTask(path).predict(row.inputs, batch_size=2), expected)
    assert set(model.signatures()) == {"serving_default", "tokenize", "ids"}
    nothing = dict.fromkeys(model.input_names, np.empty([0], object))
    for key, values in {**model.predict(nothing), **model.tokenize(nothing)}.items():
        assert values.shape[0] == 0, key
    if name == "ChoiceSelector":  # which a server answers, too, where no row has a choice
        found = model.predict({"text": ["a", "b"], "choices": [[], []]})
        assert (found["choice"].tolist(), found["index"].tolist()) == (["", ""], [-1, -1])


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.exhaustive] * (n != "TokenClassifier")) for n in ROWS]
)
def test_ids_of_every_task_fit(name, tmp_path):
    row = ROWS[name]
    task = row.load(make_folder(tmp_path, row.folder))
    model = tfbert.export.litert.load(task.export(tmp_path / "ids.tflite", format="litert", inputs="ids"))
    ids = task.ids_of(task.read_inputs(row.inputs))
    with task.model.running_as("padded"):  # what stands at padding, too
        expected = task.forward(ids, training=False)
    compare_outputs("ids", expected, model.run_ids(**ids))
    with pytest.raises(ValueError, match=r"`input_ids` must be from 0 to .*Received: 1000000"):
        model.run_ids(**{**ids, "input_ids": np.full_like(ids["input_ids"], 1_000_000)})
    with pytest.raises(ValueError, match=r"takes ids.*inputs='text'"):
        model.predict(["a"])
    with pytest.raises(ValueError, match=r"takes ids.*inputs="):
        ServedTask(model.path)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.exhaustive] * (n != "TokenClassifier")) for n in REFUSED]
)
def test_what_does_not_fit_is_refused_by_the_name_of_the_op(name, tmp_path):
    row = ROWS[name]
    task = row.load(make_folder(tmp_path, row.folder))
    with pytest.raises(ExportError, match=rf"{name}.*{REFUSED[name]}.*inputs=\"ids\".*tf_saved_model"):
        task.export(tmp_path / "model.tflite", format="litert")
    assert not list(tmp_path.glob("*.tflite*"))


@pytest.mark.slow
def test_a_process_without_tfbert_and_one_without_tensorflow(classifier, path):
    expected = classifier.predict(SENTENCES, verbose=0)
    for program in (IN_A_NEW_PROCESS, WITHOUT_TENSORFLOW):
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps([str(path), SENTENCES]),
            capture_output=True,
            text=True,
            check=True,
        )
        found = {name: np.array(value) for name, value in json.loads(done.stdout).items()}
        assert found["label"].tolist() == expected["label"].tolist()
        np.testing.assert_allclose(found["logits"], expected["logits"], atol=1e-5)


def test_labels_and_options_are_in_the_file(classifier, path):
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.txt").decode().split("\n")[:-1] == classifier.label_names()
    metadata = tfbert.export.litert.load(path).metadata
    assert (metadata["task"], metadata["inputs"]) == ("text-classification", ["text"])
    assert (metadata["precision"], metadata["options"]["top_k"]) == ("float32", 2)


@pytest.mark.parametrize(("precision", "off"), [("float16", 0.02), ("dynamic_int8", 0.2), ("full_int8", 0.6)])
def test_fewer_bits_are_smaller_and_alike(classifier, path, precision, off, tmp_path):
    calibration = SENTENCES if precision == "full_int8" else None
    small = classifier.export(
        tmp_path / "small.tflite", format="litert", precision=precision, calibration_texts=calibration
    )
    assert small.stat().st_size < path.stat().st_size
    model = tfbert.export.litert.load(small)
    whole = tfbert.export.litert.load(path)
    assert_same_arrays(model.tokenize(SENTENCES), whole.tokenize(SENTENCES))
    np.testing.assert_allclose(model(SENTENCES)["logits"], whole(SENTENCES)["logits"], atol=off)
    assert model.metadata["precision"] == precision


@pytest.mark.slow
def test_an_export_with_measured_ranges_is_the_same_again(classifier, tmp_path):
    options = {"format": "litert", "precision": "full_int8", "calibration_texts": SENTENCES}
    answers = [
        tfbert.export.litert.load(classifier.export(tmp_path / f"{turn}.tflite", **options))(SENTENCES)["logits"]
        for turn in range(2)
    ]
    np.testing.assert_array_equal(*answers)


@pytest.mark.slow
def test_pairs_and_rows_without_a_pair(classifier, tmp_path):
    path = classifier.export(tmp_path / "pairs.tflite", format="litert", text_pair=True)
    rows = {"text": SENTENCES, "text_pair": ["", "a city", "b", ""]}
    assert_same_arrays(tfbert.export.litert.load(path).predict(rows), classifier.predict(rows, verbose=0))


def test_every_form_of_text(classifier, path):
    model = tfbert.export.litert.load(path)
    expected = classifier.predict(["New York", "b\0c"], verbose=0)
    for form in (
        ["New York", "b\0c"],
        ("New York", b"b\0c"),
        np.array(["New York", "b\0c"], object),
        {"text": ["New York", "b\0c"]},
    ):
        assert_same_arrays(model.predict(form), expected)
    assert model("New York")["label"].shape == (1,)
    bad = {b"\xff New \xe4": "\ufffd New \ufffd"}
    for given, read in bad.items():
        assert_same_arrays(model.predict([given]), classifier.predict([read], verbose=0))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (3, TypeError, "`text` must be a string.*Received: int"),
        (["a\ud800"], ValueError, "`text` holds a lone surrogate at row 0"),
        (["a", None], TypeError, "`text` must hold strings only.*None.*row 1"),
        ({"texts": ["a"]}, ValueError, r"takes \['text'\].*'texts'"),
    ],
)
def test_what_is_no_text_is_refused(path, given, error, message):
    with pytest.raises(error, match=message):
        tfbert.export.litert.load(path).predict(given)


def test_files_that_are_none(path, tmp_path):
    with pytest.raises(FileNotFoundError, match="no LiteRT file"):
        tfbert.export.litert.load(tmp_path / "none.tflite")
    damaged = bytearray(path.read_bytes())
    damaged[50_000:51_000] = b"\xf7" * 1000
    (tmp_path / "damaged.tflite").write_bytes(damaged)
    with pytest.raises(ValueError, match="is damaged"):
        tfbert.export.litert.load(tmp_path / "damaged.tflite")
    (tmp_path / "cut.tflite").write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"truncated or no LiteRT file"):
        tfbert.export.litert.load(tmp_path / "cut.tflite")
    with pytest.raises(ValueError, match="`threads` must be None or an integer of at least 1"):
        tfbert.export.litert.load(path, threads=0)
    with pytest.raises(ValueError, match="`threads` must be at most 256"):
        tfbert.export.litert.load(path, threads=100_000)


def test_options_that_do_not_go_together(classifier, path, tmp_path):
    for options, message in (
        ({"format": "tflite"}, "`format` must be"),
        ({"format": "litert", "precision": "int8"}, "`precision` must be"),
        ({"format": "litert", "precision": "full_int8"}, "`calibration_texts` go with"),
        ({"format": "litert", "calibration_texts": ["a"]}, "`calibration_texts` go with"),
        ({"format": "litert", "jit_compile": True}, "`jit_compile` is for"),
        ({}, "SavedModel is a folder.*format='litert'"),
    ):
        with pytest.raises(ValueError, match=message):
            classifier.export(tmp_path / "model.tflite", **options)
    with pytest.raises(ValueError, match="SavedModel takes text"):
        classifier.export(tmp_path / "1", precision="float16")
    with pytest.raises(ValueError, match=r"must end in \.tflite"):
        classifier.export(tmp_path / "model.lite", format="litert")
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        classifier.export(path, format="litert")
    assert path.read_bytes() == before


def test_a_bfloat16_model_is_refused(tmp_path):
    row = ROWS["TextClassifier"]
    task = TextClassifier.from_pretrained(make_folder(tmp_path, row.folder), dtype="bfloat16")
    with pytest.raises(ValueError, match=r'made of a float32 model.*dtype="float32"'):
        task.export(tmp_path / "model.tflite", format="litert")


def test_a_prompt_is_refused(tmp_path):
    row = ROWS["TextEmbedder"]
    task = TextEmbedder.from_pretrained(make_folder(tmp_path, row.folder), prompt="query: ")
    with pytest.raises(ExportError, match="StringJoin"):
        task.export(tmp_path / "model.tflite", format="litert")
