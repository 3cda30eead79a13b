"""The real all-MiniLM-L6-v2 against PyTorch's outputs for its reference texts."""

import numpy as np
import pytest

from tests.conftest import FIXTURES
from tfbert import TFBertModel
from tfbert.tasks import TextEmbedder

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURES / "minilm_reference.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize("execution", ["packed", "padded"])
def test_hidden_states_and_pooler(minilm_folder, reference, execution):
    model, info = TFBertModel.from_pretrained(minilm_folder, execution=execution, output_loading_info=True)
    assert info == {"missing_keys": [], "unexpected_keys": [], "mismatched_keys": []}
    output = model(reference["input_ids"], reference["attention_mask"])
    real = reference["attention_mask"] > 0
    assert np.abs(output.last_hidden_state - reference["last_hidden_state"])[real].max() <= 1e-5
    assert np.abs(output.pooler_output - reference["pooler_output"]).max() <= 1e-5


def test_ids_embeddings_and_cosines_from_strings(minilm_folder, reference):
    embedder = TextEmbedder.from_pretrained(minilm_folder)
    assert embedder.tokenizer.max_length == 256  # of sentence_bert_config.json, not the model's 512
    texts = reference["texts"]
    ids = embedder.tokenizer(texts)
    np.testing.assert_array_equal(ids["input_ids"], reference["input_ids"])
    np.testing.assert_array_equal(ids["attention_mask"], reference["attention_mask"])
    embeddings = embedder.predict(texts, verbose=0)["embedding"]
    assert np.abs(embeddings - reference["embeddings"]).max() <= 1e-5
    assert np.abs(embeddings @ embeddings.T - reference["cosines"]).max() <= 1e-5


def test_folder_round_trip_is_bit_equal(minilm_folder, tmp_path):
    embedder = TextEmbedder.from_pretrained(minilm_folder)
    embedder.save_pretrained(tmp_path / "again")
    again = TextEmbedder.from_pretrained(tmp_path / "again")
    assert (again.pooling, again.normalize, again.tokenizer.max_length) == ("mean", True, 256)
    for before, after in zip(embedder.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(before, after)
