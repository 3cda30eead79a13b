import ast
import doctest
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys

import pytest

import tfbert

PUBLIC_NAMES = {
    "tfbert": [
        "AddedToken",
        "BertConfig",
        "BertTokenizer",
        "BertTokenizerFast",
        "TFBertForSequenceClassification",
        "TFBertForMaskedLM",
        "TFBertForMultipleChoice",
        "TFBertForNextSentencePrediction",
        "TFBertForPreTraining",
        "TFBertForQuestionAnswering",
        "TFBertForTokenClassification",
        "TFBertLMHeadModel",
        "TFBertModel",
        "TFBertTokenizer",
        "__version__",
        "export",
        "layers",
        "pipeline",
        "tasks",
        "training",
    ],
    "tfbert.layers": [
        "ACTIVATIONS",
        "BertCrossAttention",
        "BertEmbeddings",
        "BertEncoder",
        "BertLMPredictionHead",
        "BertPooler",
        "BertPredictionHeadTransform",
        "BertSelfAttention",
        "BertTransformerLayer",
        "ClassificationHead",
        "FastBertTokenizer",
        "ReplayableDropout",
        "SentencePooling",
    ],
    "tfbert.tasks": [
        "ChoiceSelector",
        "Distiller",
        "FeatureExtractor",
        "MaskFiller",
        "NextSentencePredictor",
        "Pretrainer",
        "QuestionAnswerer",
        "TextClassifier",
        "TextEmbedder",
        "TextGenerator",
        "TokenClassifier",
        "ZeroShotClassifier",
        "pipeline",
    ],
    "tfbert.training": [
        *("BertAdamW", "CosineWarmup", "LinearWarmup", "MultipleNegativesRankingLoss", "ResumableTraining"),
        *("TripletLoss", "make_optimizer", "read_table", "train_vocabulary"),
    ],
    "tfbert.training.metrics": [
        *("Accuracy", "EntityF1", "F1Score", "MatthewsCorrelation", "PearsonCorrelation", "Perplexity"),
        *("SpearmanCorrelation", "SquadScores"),
    ],
    "tfbert.export": ["ExportError", "export_saved_model", "litert", "onnx"],
    "tfbert.serving": ["Client", "Server", "ServerOptions", "ServingError"],
}
# What is always installed with tfbert, h5py by Keras; everything else is imported by the function that needs it.
REQUIRED = {
    "flatbuffers",
    "google",
    "h5py",
    "keras",
    "ml_dtypes",
    "numpy",
    "optree",
    "rich",
    "tensorflow",
    "tensorflow_text",
}
MODULES = [module.name for module in pkgutil.walk_packages(tfbert.__path__, "tfbert.")]


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_public_names_are_those_agreed_on(name):
    module = importlib.import_module(name)
    assert sorted(module.__all__) == sorted(PUBLIC_NAMES[name])
    for public in PUBLIC_NAMES[name]:
        assert getattr(module, public) is not None


def test_unknown_attribute_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'TFBertForEverything'"):
        _ = tfbert.TFBertForEverything


def test_tokenizer_has_hugging_faces_name_too():
    assert tfbert.TFBertTokenizer is tfbert.layers.FastBertTokenizer


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={"tf": importlib.import_module("tensorflow")})
    assert result.failed == 0


def test_another_backend_is_refused_in_one_sentence():
    result = subprocess.run(
        [sys.executable, "-c", "import tfbert"],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "tfbert runs on Keras' TensorFlow backend only, but the backend is 'jax'" in result.stderr.splitlines()[-1]


def test_backend_of_keras_settings_file_is_refused_too(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    result = subprocess.run(
        [sys.executable, "-c", "import tfbert"],
        env={**environment, "KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "the backend is 'torch'" in result.stderr


def test_import_alone_loads_nothing_but_itself():
    code = """
import sys
before = set(sys.modules)
import tfbert
tfbert.BertConfig()
print({name.split(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "{'tfbert'}", result.stderr


def test_modules_import_only_what_is_always_installed():
    known = {"tfbert", *REQUIRED, *sys.stdlib_module_names}
    imported = {name: _imported_with(ast.parse(inspect.getsource(importlib.import_module(name)))) for name in MODULES}
    others = {name: {module.split(".")[0] for module in modules} - known for name, modules in imported.items()}
    assert {name: modules for name, modules in others.items() if modules} == {}


def _imported_with(node):
    """What importing a module imports: all but what functions, or type checkers alone, do."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.module
        elif isinstance(child, ast.ClassDef | ast.Try) or (
            isinstance(child, ast.If) and ast.unparse(child.test) != "TYPE_CHECKING"
        ):
            yield from _imported_with(child)
