import numpy as np
import pytest

from tests.tasks.pipelines.references import make_folder, references
from tfbert.tasks import pipeline

REFERENCES = references("sentence-embedding")


@pytest.fixture(scope="module")
def embed_with(tmp_path_factory):
    """Return a function that makes the pipeline of a folder, once."""
    folder, made = tmp_path_factory.mktemp("embedders"), {}

    def make(name):
        if name not in made:
            made[name] = pipeline("text-embedding", str(make_folder(folder, name)))
            made[name].task.run_eagerly = True  # graphs are what calls with options run
        return made[name]

    return make


@pytest.mark.parametrize("case", REFERENCES, ids=lambda case: case.name)
def test_vectors_are_sentence_transformers(embed_with, case):
    embed = embed_with(case.model)
    for texts, expected in zip(case.inputs, case.outputs):
        found = embed(texts, **case.options)
        assert [type(vector) for vector in found] == [list] * len(texts)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
