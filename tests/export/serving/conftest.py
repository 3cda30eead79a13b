"""A bundle of one tiny classifier, and copies of it to damage."""

import shutil

import pytest

from tests.conftest import copy_tiny
from tfbert.tasks import TextClassifier


@pytest.fixture(scope="session")
def classifier(tmp_path_factory):
    folder = copy_tiny("classifier_single_label", tmp_path_factory.mktemp("checkpoint"))
    return TextClassifier.from_pretrained(folder, max_length=24)


@pytest.fixture(scope="session")
def bundle(classifier, tmp_path_factory):
    """The root of a bundle that holds sentiment/1; not to be changed."""
    root = tmp_path_factory.mktemp("bundle") / "models"
    classifier.export(root, format="serving", name="sentiment")
    return root


@pytest.fixture
def copied(bundle, tmp_path):
    """The root of a copy."""
    return shutil.copytree(bundle, tmp_path / "models")
