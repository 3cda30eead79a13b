"""A tiny exported classifier, shared by the loaders' tests, and what was put on the disk."""

import json
import os
import shutil

import pytest

from tests.conftest import FIXTURES, SPECIAL_TOKENS, WORDS
from tfbert.tasks import TextClassifier

TEXTS = ["I love the unaffable cat!", "Café déjà vu 北京", "", "zzz " * 60]


@pytest.fixture(scope="session")
def classifier(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    shutil.copytree(FIXTURES / "tiny" / "classifier_single_label", folder)
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in SPECIAL_TOKENS + WORDS), encoding="utf-8")
    config = json.loads((folder / "config.json").read_text())
    config.update(
        id2label={"0": "bad", "1": "so-so", "2": "très bien"}, label2id={"bad": 0, "so-so": 1, "très bien": 2}
    )
    (folder / "config.json").write_text(json.dumps(config))
    return TextClassifier.from_pretrained(folder, max_length=16)


@pytest.fixture(scope="session")
def saved_model(classifier, tmp_path_factory):
    return classifier.export(tmp_path_factory.mktemp("export") / "tiny" / "1")


@pytest.fixture
def synced(tmp_path, monkeypatch):
    """What is put on the disk while the test runs: its inode, and whether `tmp_path / "1"` had its name by then."""
    found, fsync = [], os.fsync

    def note(handle):
        found.append((os.fstat(handle).st_ino, (tmp_path / "1").exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)
    return found
