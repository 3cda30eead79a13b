"""The real AntiBERTy, whose heads are trained: masked residues, species and chains of antibodies."""

import numpy as np
import pytest

from examples import assets
from tfbert import BertConfig, BertTokenizer, TFBertForMaskedLM, TFBertForSequenceClassification, TFBertModel
from tfbert.checkpoints.open_checkpoint import open_checkpoint
from tfbert.checkpoints.transfer import load_into

pytestmark = pytest.mark.weights

HEAVY = (
    "EVQLVQSGPEVKKPGTSVKVSCKASGFTFMSSAVQWVRQARGQRLEWIGWIVIGSGNTNYAQKFQERVTITRDMSTSTAYMELSSLRSEDTAVYYCAAPY"
    "CSSISCNDGFDIWGQGTMVTVS"
)
LIGHT = (
    "DVVMTQTPFSLPVSLGDQASISCRSSQSLVHSNGNTYLHWYLQKPGQSPKLLIYKVSNRFSGVPDRFSGSGSGTDFTLKISRVEAEDLGVYFCSQSTHVPYTFGGGTKLEIK"
)
# Chain, place of the masked residue, the probability that PyTorch gives to the true one.
MASKED = [(HEAVY, 3, 0.9715), (HEAVY, 21, 0.9876), (HEAVY, 35, 0.9878), (LIGHT, 2, 0.8498), (LIGHT, 22, 0.9811)]
SPECIES = ["Camel", "Human", "Mouse", "Rabbit", "Rat", "Rhesus"]
HEADS = {
    "species": (SPECIES, [("Human", 0.99988), ("Mouse", 0.99998)]),
    "chain": (["Heavy", "Light"], [("Heavy", 1.0), ("Light", 1.0)]),
}


@pytest.fixture(scope="module")
def folder():
    return assets.antiberty_folder()


@pytest.fixture(scope="module")
def tokenizer(folder):
    return BertTokenizer(folder / "vocab.txt", do_lower_case=False)


def softmax(logits):
    exponents = np.exp(logits - logits.max(-1, keepdims=True))
    return exponents / exponents.sum(-1, keepdims=True)


def test_five_of_five_masked_residues_with_pytorchs_probabilities(folder, tokenizer):
    model, info = TFBertForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert info["missing_keys"] == info["mismatched_keys"] == []
    assert {name.rsplit(".", 1)[0] for name in info["unexpected_keys"]} >= {"cls.species", "cls.chain"}
    for chain, place, probability in MASKED:
        residues = list(chain)
        residues[place] = "[MASK]"
        batch = tokenizer(" ".join(residues), return_tensors="np")
        scores = softmax(np.asarray(model(dict(batch)).logits)[0, place + 1])
        assert tokenizer.convert_ids_to_tokens(int(scores.argmax())) == chain[place]
        assert scores.max() == pytest.approx(probability, abs=1e-4)


@pytest.mark.parametrize("head", HEADS)
def test_species_and_chain(folder, tokenizer, head):
    labels, expected = HEADS[head]
    config = BertConfig.from_pretrained(folder, id2label=dict(enumerate(labels)))
    model = TFBertForSequenceClassification(config)
    tensors, source = open_checkpoint(folder)
    renamed = {name.replace(f"cls.{head}.", "classifier."): tensor for name, tensor in tensors.items()}
    assert load_into(model, renamed, config.num_hidden_layers, source).missing_keys == []
    for chain, (label, probability) in zip((HEAVY, LIGHT), expected):
        scores = softmax(np.asarray(model(dict(tokenizer(" ".join(chain), return_tensors="np"))).logits)[0])
        assert labels[scores.argmax()] == label
        assert scores.max() == pytest.approx(probability, abs=1e-4)


def test_sharded_safetensors_of_it_are_bit_equal(folder, tmp_path):
    model = TFBertModel.from_pretrained(folder)
    model.save_pretrained(tmp_path, max_shard_size="30MB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) == 4
    for before, after in zip(model.get_weights(), TFBertModel.from_pretrained(tmp_path).get_weights()):
        np.testing.assert_array_equal(before, after)
