import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.layers import FastBertTokenizer

TEXTS = ["I love the unaffable cat!", "Café déjà vu 北京", "", "zzz"]


@pytest.fixture
def tokenizer(vocabulary):
    return FastBertTokenizer(vocabulary)


def pieces(tokenizer, row):
    return [tokenizer.vocab_list[index] for index in row]


def test_text_becomes_pieces_between_special_tokens(tokenizer):
    ids = tokenizer(TEXTS)["input_ids"].numpy()
    assert pieces(tokenizer, ids[0]) == ["[CLS]", "i", "love", "the", "un", "##aff", "##able", "cat", "!", "[SEP]"]
    assert pieces(tokenizer, ids[1])[:8] == ["[CLS]", "cafe", "deja", "vu", "北", "京", "[SEP]", "[PAD]"]
    assert pieces(tokenizer, ids[2])[:3] == ["[CLS]", "[SEP]", "[PAD]"]
    assert pieces(tokenizer, ids[3])[:5] == ["[CLS]", "z", "##z", "##z", "[SEP]"]


def test_output_is_three_int32_tensors_in_order(tokenizer):
    output = tokenizer(TEXTS)
    assert list(output) == ["input_ids", "attention_mask", "token_type_ids"]
    assert {tensor.dtype for tensor in output.values()} == {tf.int32}


def test_forms_of_pairs_agree(tokenizer):
    first, second = TEXTS, TEXTS[::-1]
    expected = tokenizer(first, second)
    for given in (list(zip(first, second)), np.array([first, second]).T, tf.stack([first, second], axis=1)):
        for name, tensor in tokenizer(given).items():
            np.testing.assert_array_equal(tensor, expected[name])


def test_call_options_win_over_the_constructors(tokenizer):
    assert tokenizer(TEXTS, max_length=4)["input_ids"].shape == (4, 4)
    assert tokenizer(TEXTS, TEXTS, max_length=7)["input_ids"].shape == (4, 7)
    assert tokenizer(TEXTS, padding="max_length", max_length=16)["input_ids"].shape == (4, 16)
    assert tokenizer(TEXTS, pad_to_multiple_of=8)["input_ids"].shape == (4, 16)
    assert list(tokenizer(TEXTS, return_attention_mask=False, return_token_type_ids=False)) == ["input_ids"]


def test_padding_id_fills_ids_but_not_types(vocabulary):
    reordered = [*vocabulary[1:5], vocabulary[0], *vocabulary[5:]]
    tokenizer = FastBertTokenizer(reordered)
    output = tokenizer(["i love", "i"])
    assert output["input_ids"][1, -1] == 4
    assert output["token_type_ids"].numpy().max() == 0


def test_special_ids_may_be_given_and_zero_counts(vocabulary):
    tokenizer = FastBertTokenizer(vocabulary, cls_token_id=0, sep_token_id=4, pad_token_id=1)
    assert tokenizer(["i", "i love"])["input_ids"].numpy()[0, [0, 2, 3]].tolist() == [0, 4, 1]


def test_symbolic_text_in_a_functional_model(tokenizer):
    text, pair = keras.Input((), dtype="string", name="text"), keras.Input((), dtype="string", name="pair")
    model = keras.Model([text, pair], tokenizer(text, pair))
    assert model.output["input_ids"].dtype == "int32"
    output = model([tf.constant(TEXTS), tf.constant(TEXTS)])
    np.testing.assert_array_equal(output["input_ids"], tokenizer(TEXTS, TEXTS)["input_ids"])
    fixed = FastBertTokenizer(tokenizer.vocab_list, padding="max_length", max_length=12, return_token_type_ids=False)
    assert {name: tensor.shape for name, tensor in fixed(text).items()} == {
        "input_ids": (None, 12),
        "attention_mask": (None, 12),
    }


def test_same_ids_eagerly_in_a_graph_and_in_a_dataset(tokenizer):
    expected = tokenizer(TEXTS)["input_ids"].numpy()
    graph = tf.function(tokenizer, input_signature=[tf.TensorSpec([None], tf.string)])
    np.testing.assert_array_equal(graph(tf.constant(TEXTS))["input_ids"], expected)
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(4).map(tokenizer, num_parallel_calls=2)
    np.testing.assert_array_equal(next(iter(dataset))["input_ids"], expected)


def test_empty_batch_has_two_positions(tokenizer):
    empty = tf.constant([], tf.string)
    assert tokenizer(empty)["input_ids"].shape == (0, 2)
    assert tokenizer(empty, empty)["input_ids"].shape == (0, 3 - 1)
    assert tokenizer.tokenize(empty).shape == (0, None)


def test_invalid_and_extreme_texts_do_not_fail(tokenizer):
    output = tokenizer([b"\xff\xfe", "a\0b", "x" * 5000, "a " * 100_000], max_length=16)
    assert output["input_ids"].shape == (4, 16)


def all_options(vocabulary):
    return {
        "vocab_list": vocabulary,
        "do_lower_case": False,
        "cls_token_id": 3,
        "sep_token_id": 2,
        "pad_token_id": 1,
        "padding": "max_length",
        "truncation": "do_not_truncate",
        "max_length": 24,
        "pad_to_multiple_of": 5,
        "return_token_type_ids": False,
        "return_attention_mask": False,
        "strip_accents": False,
        "tokenize_chinese_chars": True,
        "clean_text": True,
        "unk_token": "the",
        "sep_token": "a",
        "pad_token": "i",
        "cls_token": "you",
        "mask_token": "love",
        "name": "mine",
        "trainable": False,
        "dtype": "int32",
    }


def test_config_holds_every_argument(vocabulary):
    options = all_options(vocabulary)
    tokenizer = FastBertTokenizer(**options)
    config = tokenizer.get_config()
    assert {name: config[name] for name in options if name != "dtype"} == {
        name: value for name, value in options.items() if name != "dtype"
    }
    twin = FastBertTokenizer.from_config(config)
    assert twin.get_config() == config
    np.testing.assert_array_equal(twin(["the cat"])["input_ids"], tokenizer(["the cat"])["input_ids"])


def test_keras_archive_holds_the_vocabulary_as_an_asset(tokenizer, tmp_path):
    import zipfile

    text = keras.Input((), dtype="string")
    model = keras.Model(text, tokenizer(text))
    path = tmp_path / "model.keras"
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        asset = next(name for name in archive.namelist() if name.endswith("vocab.txt"))
        assert archive.read(asset).decode().split("\n")[:-1] == tokenizer.vocab_list
    again = keras.models.load_model(path)
    np.testing.assert_array_equal(again(tf.constant(TEXTS))["input_ids"], tokenizer(TEXTS)["input_ids"])


def test_vocabulary_of_the_archive_wins_when_it_was_edited(tokenizer, tmp_path):
    tokenizer(["the"])
    tokenizer.save_assets(str(tmp_path))
    path = tmp_path / "vocab.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("\nmat\n", "\nrug\n"), encoding="utf-8")
    tokenizer.load_assets(str(tmp_path))
    assert pieces(tokenizer, tokenizer(["rug"])["input_ids"][0].numpy())[1] == "rug"


def test_saved_folder_reads_back(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path / "folder")
    again = FastBertTokenizer.from_pretrained(tmp_path / "folder")
    assert {**again.get_config(), "name": ""} == {**tokenizer.get_config(), "name": ""}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"padding": "sometimes"}, "`padding` must be one of"),
        ({"truncation": "sometimes"}, "`truncation` must be one of"),
        ({"truncation": 2}, "`truncation` must be one of"),
        ({"max_length": 1}, "`max_length` must be an integer of at least 2"),
        ({"max_length": 12.5}, "`max_length`"),
        ({"pad_to_multiple_of": 0}, "`pad_to_multiple_of`"),
        ({"cls_token_id": 110}, "`cls_token_id`"),
        ({"sep_token_id": -1}, "`sep_token_id`"),
        ({"do_lower_case": "yes"}, "`do_lower_case` must be True or False"),
        ({"strip_accents": "no"}, "`strip_accents` must be None, True or False"),
        ({"tokenize_chinese_chars": None}, "`tokenize_chinese_chars` must be True or False"),
        ({"clean_text": 1}, "`clean_text` must be True or False"),
        ({"max_input_chars_per_word": 0}, "`max_input_chars_per_word` must be an integer of at least 1"),
        ({"never_split": ["a b"]}, "`never_split` must hold words without white space"),
        ({"added_tokens": ["[E1]", "[E1]"]}, "must not hold a token twice"),
        ({"use_fast_bert_tokenizer": "no"}, "`use_fast_bert_tokenizer` must be True or False"),
        ({"pad_token": None}, "`pad_token` must be a str"),
        ({"added_tokens": ["\ud800"]}, "must be valid Unicode"),
        ({"split_special_tokens": 0}, "`split_special_tokens` must be True or False"),
        ({"unk_token": "[E1]", "added_tokens": ["[E1]"]}, "`unk_token` must be a piece"),
        ({"unk_token": "<unk>"}, "'<unk>'"),
        ({"cls_token": "<s>"}, "'<s>'"),
        ({"sep_token": "</s>"}, "'</s>'"),
    ],
)
def test_wrong_options_are_refused_at_construction(vocabulary, options, message):
    with pytest.raises(ValueError, match=message):
        FastBertTokenizer(vocabulary, **options)


@pytest.mark.parametrize("missing", ["[CLS]", "[SEP]", "[UNK]"])
def test_a_vocabulary_without_a_special_token_is_refused(vocabulary, missing):
    vocabulary.remove(missing)
    with pytest.raises(ValueError, match=missing.strip("[]")):
        FastBertTokenizer(vocabulary)


@pytest.mark.parametrize(
    ("text", "pair", "error", "message"),
    [
        ([["a", "b"]], ["c"], ValueError, r"or as `text` of shape \[B, 2\]"),
        (["a", "b"], ["c"], ValueError, "same number of rows: 2 and 1|2 and 1"),
        (np.array([["a", "b", "c"]]), None, ValueError, r"\(1, 3\)"),
        ([], None, ValueError, "empty list"),
        (tf.constant([[[b"a"]]]), None, ValueError, r"\(1, 1, 1\)"),
        (tf.constant([3]), None, TypeError, "must hold strings"),
    ],
)
def test_wrong_text_is_refused(tokenizer, text, pair, error, message):
    with pytest.raises(error, match=message):
        tokenizer(text, pair)


def test_max_length_below_the_pairs_special_tokens_is_refused(tokenizer):
    with pytest.raises(ValueError, match="at least 3"):
        tokenizer(["a"], ["b"], max_length=2)


@pytest.mark.parametrize("name", ["do_lower_case", "vocab_list", "cls_token_id", "added_tokens", "unk_token"])
def test_what_decides_ids_cannot_be_changed_afterwards(tokenizer, name):
    with pytest.raises(AttributeError, match=rf"`{name}` is fixed.*from_config"):
        setattr(tokenizer, name, None)


def test_what_decides_rows_can_be_changed(tokenizer):
    tokenizer.max_length = 4
    assert tokenizer(TEXTS)["input_ids"].shape == (4, 4)
    with pytest.raises(TypeError, match="takes no option 'maxlen'"):
        tokenizer(TEXTS, maxlen=3)


def test_call_options_reach_every_part(tokenizer):
    rows = tokenizer(TEXTS, max_length=5, return_overflowing_tokens=True, stride=1, return_special_tokens_mask=True)
    assert rows["overflow_to_sample_mapping"].numpy().tolist() == [0, 0, 0, 0, 1, 1, 2, 3]
    assert rows["special_tokens_mask"].numpy()[0].tolist() == [1, 0, 0, 0, 1]
    left = tokenizer(TEXTS, max_length=5, truncation_side="left", padding_side="left")["input_ids"].numpy()
    assert pieces(tokenizer, left[0]) == ["[CLS]", "##able", "cat", "!", "[SEP]"]
    assert pieces(tokenizer, left[2]) == ["[PAD]", "[PAD]", "[PAD]", "[CLS]", "[SEP]"]
    plain = tokenizer(["the"], add_special_tokens=False, padding=False, buckets=[])["input_ids"]
    assert plain.shape == (1, 1)


@pytest.mark.parametrize("vocabulary", [{"[UNK]": 0, "b": 2, "a": 1}, {"a", "b"}, None, 3])
def test_a_vocabulary_without_an_order_is_refused(vocabulary):
    with pytest.raises(TypeError, match="must be a list of pieces by id"):
        FastBertTokenizer(vocabulary)


def test_numbers_of_numpy_are_numbers(vocabulary, tmp_path):
    tokenizer = FastBertTokenizer(vocabulary, max_length=np.int64(9), stride=np.int32(1), buckets=np.array([4, 8]))
    assert json.loads(json.dumps(tokenizer.get_config()))["buckets"] == [4, 8]
    tokenizer.save_pretrained(tmp_path)
    assert tokenizer(["the"])["input_ids"].shape == (1, 4)


def test_a_vocabulary_that_spells_nothing_makes_everything_unknown():
    tokenizer = FastBertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "HELLO"])
    assert tokenizer.tokenize(["hello HELLO!"]).to_list() == [[1, 1, 1]]


def test_the_careful_way_is_traced_once_for_all_sizes(tokenizer):
    for rows in range(1, 6):
        tokenizer(["[MASK] the"] * rows)
    careful = tokenizer._core._made_stage()._careful[False]
    assert careful.experimental_get_tracing_count() == 1
