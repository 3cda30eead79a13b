"""README's list of differences from Hugging Face, each shown: the numbers are the list's."""

import json

import numpy as np
import pytest
import tensorflow as tf
import tokenizers

from tests.conftest import FIXTURES
from tfbert import BertTokenizer, TFBertForSequenceClassification, TFBertModel, TFBertTokenizer
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


def test_9_offsets_may_be_those_of_a_neighbouring_mark_where_marks_are_reordered(rust):
    tokenizer = TFBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "a"])
    reference = tokenizers.BertWordPieceTokenizer({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3})
    text = "\U0001d165\u302f\u0f7c"  # the last two change places and the very last goes away
    ids, _, ends = tokenizer.tokenize_with_offsets([text])
    expected = reference.encode(text, add_special_tokens=False)
    assert ids.to_list() == [expected.ids]
    assert ends.to_list() != [[len(text[:end].encode()) for _, end in expected.offsets]]


def test_10_tokenizer_json_decides_where_the_config_is_silent(tiny_folder):
    folder = tiny_folder("classifier_single_label")
    TFBertTokenizer.from_pretrained(folder, do_lower_case=False, max_input_chars_per_word=7).save_pretrained(folder)
    stated = json.loads((folder / "tokenizer_config.json").read_text())
    del stated["do_lower_case"]
    (folder / "tokenizer_config.json").write_text(json.dumps(stated))
    tokenizer = TFBertTokenizer.from_pretrained(folder)
    assert (tokenizer.do_lower_case, tokenizer.max_input_chars_per_word) == (False, 7)
    (folder / "tokenizer_config.json").write_text(json.dumps({**stated, "do_basic_tokenize": False}))
    with pytest.raises(ValueError, match="do_basic_tokenize"):
        TFBertTokenizer.from_pretrained(folder)


def test_11_a_named_token_without_an_id_is_plain_text():
    tokenizer = TFBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "[", "]", "mask"])
    assert tokenizer.tokenize(["[MASK]"]).to_list() == [[3, 5, 4]]
    assert "[MASK]" not in tokenizer.token_table.ids


def test_12_added_tokens_are_shown_as_they_were_added():
    tokenizer = TFBertTokenizer(["[UNK]", "[CLS]", "[SEP]", "a"], added_tokens=["E1"])
    assert tokenizer.tokenize(["a e1"]).to_list() == [[3, 4]]
    assert tokenizer.detokenize([3, 4]).numpy() == b"a E1"


def test_13_what_is_no_id_is_passed_over(tokenizer):
    assert tokenizer.detokenize([-100, 5, 10_000]).numpy().decode() == tokenizer.vocab_list[5]
    host = BertTokenizer(tokenizer.vocab_list)
    assert host.decode([-100, 5]) == tokenizer.vocab_list[5]


def test_14_the_host_tokenizer_refuses_what_it_does_not_know(vocabulary):
    with pytest.raises(TypeError, match="colour"):
        BertTokenizer(vocabulary, colour="red")
    tokenizer = BertTokenizer([*vocabulary, "a.b"], never_split=["a.b"], max_input_chars_per_word=3)
    assert tokenizer.tokenize("a.b love") == ["a.b", "[UNK]"]
    with pytest.raises(ValueError, match="max_length"):
        tokenizer("the", max_length=1, truncation=True)


@pytest.mark.parametrize(("text", "differs"), [("I love the cat!", False), ("\u00df", True)])
def test_15_the_older_ops_are_not_exact(vocabulary, text, differs):
    older = TFBertTokenizer([*vocabulary, "ß"], use_fast_bert_tokenizer=False)
    exact = TFBertTokenizer([*vocabulary, "ß"])
    assert (older.tokenize([text]).to_list() != exact.tokenize([text]).to_list()) is differs
