"""README's list of differences from Hugging Face, each shown: the numbers are the list's."""

import json

import numpy as np
import pytest
import tensorflow as tf
import tokenizers

from tests.conftest import FIXTURES
from tfbert import TFBertForSequenceClassification, TFBertModel, TFBertTokenizer
from tfbert.tasks import TextClassifier

TINY = FIXTURES / "tiny"
IDS = np.array([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0]])


@pytest.fixture
def tokenizer(vocabulary):
    return TFBertTokenizer(vocabulary)


@pytest.fixture
def rust(vocabulary):
    return tokenizers.BertWordPieceTokenizer({piece: index for index, piece in enumerate(vocabulary)})


def test_1_ids_are_int32(tokenizer):
    assert {tensor.dtype for tensor in tokenizer(["the cat"]).values()} == {tf.int32}


def test_2_pairs_are_cut_as_rust_does(tokenizer):
    first, second = "cat " * 30, "dog " * 4  # TFBertTokenizer keeps 3 and 4 of these, Rust 4 and 3
    ids = tokenizer([first], [second], max_length=10)["input_ids"].numpy()[0].tolist()
    cat, dog = tokenizer.vocab_list.index("cat"), tokenizer.vocab_list.index("dog")
    assert (ids.count(cat), ids.count(dog)) == (4, 3)


def test_3_types_are_zero_at_padding(vocabulary):
    moved = [*vocabulary[1:5], "[PAD]", *vocabulary[5:]]
    output = TFBertTokenizer(moved)(["the cat", "the"])
    assert output["input_ids"][1, -1] == 4
    assert output["token_type_ids"][1, -1] == 0


def test_4_too_long_without_truncation_is_refused(tokenizer):
    with pytest.raises(tf.errors.InvalidArgumentError, match="max_length=4"):
        tokenizer(["the cat sat"], truncation=False, padding="max_length", max_length=4)


def test_5_no_longer_input_than_there_are_positions(tiny_folder):
    folder = tiny_folder("classifier_single_label")
    assert TextClassifier.from_pretrained(folder).tokenizer.max_length == 48
    with pytest.raises(ValueError, match="48 position embeddings"):
        TextClassifier.from_pretrained(folder, max_length=512)


def test_6_hidden_states_are_zero_at_padding_on_a_cpu():
    packed = TFBertModel.from_pretrained(TINY / "model_gelu_l2", execution="packed")(IDS, MASK).last_hidden_state
    padded = TFBertModel.from_pretrained(TINY / "model_gelu_l2", execution="padded")(IDS, MASK).last_hidden_state
    assert np.abs(packed[1, 3]).max() == 0
    assert np.abs(padded[1, 3]).max() > 0
    np.testing.assert_allclose(packed[MASK > 0], padded[MASK > 0], atol=1e-5)


def test_7_problem_type_chooses_one_scalar_loss():
    model = TFBertForSequenceClassification.from_pretrained(TINY / "classifier_multi_label")
    targets = np.array([[1, 0, 1, 0], [0, 0, 0, 1]], np.float32)
    output = model(IDS, MASK, labels=targets)
    logits = output.logits.numpy()
    expected = np.mean(np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits))))
    assert output.loss.shape == ()
    assert float(output.loss) == pytest.approx(expected, rel=1e-5)


def test_8_a_missing_head_is_new_but_a_missing_encoder_is_an_error():
    _, info = TFBertForSequenceClassification.from_pretrained(TINY / "model_gelu_l2", output_loading_info=True)
    assert info["missing_keys"] == ["classifier.bias", "classifier.weight"]
    with pytest.raises(ValueError, match="lacks 16 weights"):
        TFBertModel.from_pretrained(TINY / "model_gelu_l2", num_hidden_layers=3)


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        ("I love the cat!", False),
        ("Café déjà vu 北京", False),
        ("ß", True),
        ("the [MASK]", True),
    ],
)
def test_9_rare_characters_and_special_tokens_in_text(tokenizer, rust, text, differs):
    ours = tokenizer.tokenize([text]).to_list()[0]
    assert (ours != rust.encode(text, add_special_tokens=False).ids) is differs


@pytest.mark.parametrize("stated", [{"truncation_side": "left"}, {"strip_accents": False}])
def test_10_settings_that_are_not_followed_are_refused(tiny_folder, stated):
    folder = tiny_folder("classifier_single_label")
    (folder / "tokenizer_config.json").write_text(json.dumps(stated))
    with pytest.raises(ValueError, match=next(iter(stated))):
        TFBertTokenizer.from_pretrained(folder)


def test_9_words_of_more_than_100_bytes():
    pieces = ["[UNK]", "[CLS]", "[SEP]", "я", "##я"]
    rust = tokenizers.BertWordPieceTokenizer({piece: index for index, piece in enumerate(pieces)})
    ours = TFBertTokenizer(pieces)
    assert ours.tokenize(["я" * 50]).to_list()[0] == rust.encode("я" * 50, add_special_tokens=False).ids
    assert ours.tokenize(["я" * 60]).to_list()[0] == [0]
    assert rust.encode("я" * 60, add_special_tokens=False).ids == [3] + [4] * 59
