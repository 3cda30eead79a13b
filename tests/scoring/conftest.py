"""A tiny exported classifier, shared by all tests of tables."""

import pytest

from tests.tasks.pipelines.references import make_folder
from tfbert.tasks import TextClassifier


@pytest.fixture(scope="session")
def classifier(tmp_path_factory):
    """A SavedModel that refuses long texts, which fail in the model."""
    folder = make_folder(tmp_path_factory.mktemp("checkpoint"), "sentiment")
    task = TextClassifier.from_pretrained(folder, truncation=False)
    return task.export(tmp_path_factory.mktemp("export") / "sentiment" / "1")
