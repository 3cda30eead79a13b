"""Fixtures shared by all tests: tiny checkpoints with PyTorch's outputs, a tiny vocabulary, real weights."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import gc
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

FIXTURES = Path(__file__).parent / "fixtures"
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    "the",
    "a",
    "i",
    "you",
    "love",
    "hate",
    "cat",
    "dog",
    "sat",
    "on",
    "mat",
    "good",
    "bad",
    "great",
    "awful",
    "movie",
    "phone",
    "is",
    "was",
    "not",
    "very",
    "happy",
    "sad",
    "today",
    "an",
    "of",
    "to",
    "un",
    "##aff",
    "##able",
    "run",
    "##ning",
    "##s",
    "##ed",
    "cafe",
    "deja",
    "vu",
    "北",
    "京",
    "!",
    "?",
    ".",
    ",",
    "'",
    "-",
    "1",
    "2",
    "3",
]


def pytest_sessionstart():
    gc.freeze()  # what TensorFlow and Keras are made of need not be looked through again and again


@pytest.fixture(autouse=True, scope="module")
def without_what_other_modules_left():
    """Free the graphs of a module when it is through: those of many together take minutes to go."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


@pytest.fixture
def vocabulary():
    """A vocabulary of 110 pieces, as many as the tiny checkpoints have embeddings."""
    return tiny_vocabulary()


def tiny_vocabulary():
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = list(dict.fromkeys(SPECIAL_TOKENS + WORDS + letters + [f"##{letter}" for letter in letters]))
    return pieces[:110]


@pytest.fixture
def tiny_folder(tmp_path):
    """Return a function that copies a committed checkpoint and gives it the vocabulary."""
    return lambda name: copy_tiny(name, tmp_path)


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory):
    """Return what `tiny_folder` does, for what the tests of a module share."""
    return lambda name: copy_tiny(name, tmp_path_factory.mktemp("tiny"))


def copy_tiny(name, into):
    folder = into / name
    shutil.copytree(FIXTURES / "tiny" / name, folder, dirs_exist_ok=True)
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in tiny_vocabulary()), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True, "model_max_length": 48}))
    return folder


@pytest.fixture
def reference():
    """Return a function that loads what PyTorch computed for a committed checkpoint."""

    def load(name):
        with np.load(FIXTURES / "tiny" / name / "reference.npz") as arrays:
            return dict(arrays)

    return load


@pytest.fixture(scope="session")
def minilm_folder():
    """The folder of the real all-MiniLM-L6-v2, fetched once."""
    from examples import assets

    return assets.minilm_folder()
