"""What the host tokenizer does beside what transformers does: its forms, refusals, files, and the in-graph layer."""

import copy
import json
import logging
import pickle

import numpy as np
import pytest
import tensorflow as tf
from tokenizers import AddedToken as RustAddedToken

import tfbert
from tests.tokenization.host.rust import PIECES, rust_tokenizer
from tfbert import BertTokenizer, BertTokenizerFast
from tfbert.layers import FastBertTokenizer
from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.host.batch_encoding import BatchEncoding, CharSpan, TokenSpan

TEXT = "a cab [E1] bed! don't"


@pytest.fixture(scope="module")
def tokenizer():
    return BertTokenizer(PIECES, extra_special_tokens=["[E1]"], never_split=["don't"])


def test_both_names_are_one_class():
    assert BertTokenizerFast is BertTokenizer
    assert tfbert.BertTokenizer is BertTokenizer


# === Construction ===


def test_vocabulary_in_every_form(tmp_path, tokenizer):
    path = tmp_path / "vocab.txt"
    path.write_text("".join(f"{piece}\n" for piece in PIECES), encoding="utf-8")
    shuffled = {piece: index for index, piece in reversed(list(enumerate(PIECES)))}
    for vocab in (PIECES, tuple(PIECES), shuffled, path, str(path)):
        assert BertTokenizer(vocab).vocab_list == PIECES
    assert BertTokenizer(vocab_file=path).get_vocab() == shuffled
    assert list(shuffled) == list(reversed(PIECES))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vocab": None}, TypeError, "from_pretrained"),
        ({"vocab": {"[UNK]": 0, "a": 2}}, ValueError, "must be 0 to 1, each once"),
        ({"vocab": "nowhere/vocab.txt"}, FileNotFoundError, "nowhere/vocab.txt"),
        ({"vocab": ["[PAD]", "a"]}, ValueError, "unk_token"),
        ({"cls_token": None}, ValueError, "`cls_token` must be a token"),
        ({"padding_side": "top"}, ValueError, "`padding_side` must be 'left' or 'right'"),
        ({"do_lowercase": True}, TypeError, "no argument 'do_lowercase'"),
        ({"do_basic_tokenize": False}, ValueError, "do_basic_tokenize"),
        ({"extra_special_tokens": "[E1]"}, TypeError, r"Write \['\[E1\]'\]"),
        ({"do_lower_case": "yes"}, ValueError, "`do_lower_case` must be True or False"),
        ({"pad_token_id": 99}, ValueError, "`pad_token_id` must be an id"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        BertTokenizer(**{"vocab": PIECES, **arguments})


def test_special_tokens_that_are_no_piece_come_behind_the_pieces():
    pieces = [piece for piece in PIECES if piece != "[MASK]"]
    tokenizer = BertTokenizer(pieces, bos_token="[BOS]", extra_special_tokens={"e": "[E1]"}, image_token="[I]")
    assert tokenizer.get_added_vocab() == {
        **{piece: index for index, piece in enumerate(pieces[:4])},
        **{"[BOS]": len(pieces), "[MASK]": len(pieces) + 1, "[E1]": len(pieces) + 2, "[I]": len(pieces) + 3},
    }
    assert tokenizer.all_special_tokens[-2:] == ["[E1]", "[I]"]
    assert tokenizer.additional_special_tokens_ids == [len(pieces) + 2, len(pieces) + 3]
    assert tokenizer.init_kwargs["image_token"] == "[I]"


def test_tokens_with_flags_of_any_kind():
    flags = {"content": "[MASK]", "lstrip": True, "normalized": False}
    for mask in (flags, RustAddedToken(**flags), AddedToken(**flags)):
        tokenizer = BertTokenizer(PIECES, mask_token=mask)
        assert tokenizer.mask_token == "[MASK]"
        assert tokenizer.added_tokens_decoder[4] == AddedToken(**flags, special=True)
    offsets = tokenizer("a [MASK]", return_offsets_mapping=True)["offset_mapping"]
    assert offsets == [(0, 0), (0, 1), (1, 8), (0, 0)]


# === Calls ===


def test_words_that_are_never_split(tokenizer):
    assert tokenizer.tokenize("don't do'nt") == ["[UNK]", "do", "'", "[UNK]"]


@pytest.mark.parametrize(
    "texts", [("a", "cab"), np.array(["a", "cab"]), np.array(["a", "cab"], object), [np.str_("a"), "cab"]]
)
def test_batches_of_any_kind(tokenizer, texts):
    assert tokenizer(texts)["input_ids"] == [[2, 5, 3], [2, PIECES.index("cab"), 3]]


def test_tensors(tokenizer):
    arrays = tokenizer([TEXT, "a"], padding=True, return_tensors="np", return_offsets_mapping=True)
    tensors = tokenizer([TEXT, "a"], padding=True, return_tensors="tf", return_offsets_mapping=True)
    for name, array in arrays.items():
        assert array.dtype == np.int64
        assert tensors[name].dtype == tf.int32
        assert tensors[name].numpy().tolist() == array.tolist()
    assert arrays.offset_mapping.shape == (*arrays.input_ids.shape, 2)
    assert tokenizer(TEXT, return_tensors="tf").input_ids.shape == (1, len(tokenizer.encode(TEXT)))
    assert tokenizer([], return_tensors="np").input_ids.dtype == np.int64
    with pytest.raises(ValueError, match="'input_ids' differ in length"):
        tokenizer([TEXT, "a"], return_tensors="np")
    with pytest.raises(ImportError, match=r"torch\.from_numpy"):
        tokenizer(TEXT, return_tensors="pt")


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (["a"], {"paddding": True}, TypeError, "no option 'paddding'"),
        (["a"], {"stride": -1}, ValueError, "`stride` must be an integer of at least 0"),
        (["a"], {"padding_side": "top"}, ValueError, "padding_side"),
        (["a"], {"return_length": 1}, ValueError, "`return_length` must be True or False"),
        ([["a", 3.5]], {}, TypeError, "3.5 .float. at position 1"),
        ([["a", ["a", "b"]]], {}, ValueError, "1 of 2"),
        ([["a"], "b"], {}, TypeError, r"Write \['b'\] \* 1"),
        (["a b"], {"is_split_into_words": True}, TypeError, "list of words"),
        (["a \ud800"], {}, ValueError, "surrogate"),
        (["a b c d", "a b"], {"truncation": "only_second", "max_length": 6}, ValueError, "longest_first"),
        (["a b c d"], {"max_length": 4, "stride": 2, "return_overflowing_tokens": True}, ValueError, "`stride`"),
        (["a b c d"], {"max_length": 1}, ValueError, "`max_length` must be an integer of at least 2"),
    ],
)
def test_wrong_calls_are_refused(tokenizer, arguments, options, error, message):
    with pytest.raises(error, match=message):
        tokenizer(*arguments, **options)


def test_names_of_transformers_4(tokenizer):
    call = tokenizer("a b", "cab", truncation="only_first", max_length=5)
    assert tokenizer.encode_plus("a b", "cab", True, False, "only_first", 5) == call
    assert tokenizer.encode_plus("a b", "cab", truncation_strategy="only_first", max_length=5) == call
    batch = tokenizer.batch_encode_plus([("a b", "cab"), ("a", "b")], padding=True)
    assert batch == tokenizer(["a b", "a"], ["cab", "b"], padding=True)
    padded = tokenizer("a", max_length=6, pad_to_max_length=True)
    assert padded == tokenizer("a", max_length=6, padding="max_length")
    with pytest.raises(TypeError, match="must be a list"):
        tokenizer.batch_encode_plus("a")
    assert tokenizer.build_inputs_with_special_tokens([5], [6, 7]) == [2, 5, 3, 6, 7, 3]
    assert tokenizer.build_inputs_with_special_tokens([5]) == [2, 5, 3]
    assert tokenizer.create_token_type_ids_from_sequences([5], [6, 7]) == [0, 0, 0, 1, 1, 1]
    assert tokenizer.create_token_type_ids_from_sequences([5]) == [0, 0, 0]
    assert tokenizer.get_special_tokens_mask([5], [6, 7]) == [1, 0, 1, 0, 0, 1]
    assert tokenizer.get_special_tokens_mask([5]) == [1, 0, 1]


def test_warnings(caplog):
    tokenizer = BertTokenizer(PIECES, model_max_length=4)
    with pytest.warns(UserWarning, match="padding='max_length'"):
        tokenizer("a", padding=True, max_length=3)
    with caplog.at_level(logging.WARNING):
        tokenizer("a b c d", verbose=False)
        assert not caplog.records
        tokenizer("a b c d")
        tokenizer("a b c d")
    assert ["6 tokens, more than the 4" in record.getMessage() for record in caplog.records] == [True]


def test_a_call_within_a_traced_function(tokenizer):
    @tf.function(autograph=False)
    def constant():
        return tf.constant(tokenizer("a cab")["input_ids"]), tf.constant(tokenizer.decode([5, 6]))

    ids, text = constant()
    assert ids.numpy().tolist() == tokenizer.encode("a cab")
    assert text.numpy() == b"a b"


def test_pad_keeps_the_kind_of_tensors_and_its_input(tokenizer):
    rows = [tokenizer("a"), tokenizer(TEXT)]
    before = copy.deepcopy([row.data for row in rows])
    for kind, expected in (("np", np.ndarray), ("tf", tf.Tensor)):
        batch = tokenizer.pad([tokenizer(text, return_tensors=kind) | {} for text in ["a"]])
        assert isinstance(batch["input_ids"], expected)
    padded = tokenizer.pad(rows)
    assert padded == tokenizer(["a", TEXT], padding=True)
    assert [row.data for row in rows] == before
    with pytest.raises(TypeError, match="must be a dict"):
        tokenizer.pad([[1, 2]])
    with pytest.raises(ValueError, match="'labels'"):
        tokenizer.pad({"input_ids": [[1], [2]], "labels": [1]})


# === Decoding ===


def test_decoding_ids_of_any_kind(tokenizer):
    ids = tokenizer(["a cab!", "bed"], padding=True)["input_ids"]
    expected = ["a cab!", "b ##ed"]
    expected[1] = tokenizer.decode(tokenizer.encode("bed"), skip_special_tokens=True)
    for given in (ids, np.array(ids), tf.constant(ids), tf.ragged.constant(ids), {"input_ids": ids}, tuple(ids)):
        assert tokenizer.batch_decode(given, skip_special_tokens=True) == expected
        assert tokenizer.decode(given, skip_special_tokens=True) == expected
    assert tokenizer.decode(np.int64(5)) == tokenizer.decode(tf.constant(5)) == "a"
    assert tokenizer.convert_ids_to_tokens(np.array([5, -1])) == ["a", None]
    with pytest.raises(TypeError, match="Ids must be integers"):
        tokenizer.decode([0.5])


def test_clean_up_is_a_setting_too(tokenizer):
    ids = tokenizer.convert_tokens_to_ids(["do", "n't", "cab", "'s"])
    cleaning = copy.copy(tokenizer)
    cleaning.clean_up_tokenization_spaces = True
    assert cleaning.decode(ids) == tokenizer.decode(ids, clean_up_tokenization_spaces=True) == "don't cab's"


# === BatchEncoding ===


def test_batch_encoding_is_a_dict_with_attributes(tokenizer):
    batch = tokenizer(["a bed", "b"], ["cab", "d"])
    assert batch.input_ids == batch["input_ids"]
    assert batch.is_fast
    assert batch.n_sequences == 2
    assert batch[0].tokens == batch.tokens() == tokenizer.tokenize("a bed", "cab", add_special_tokens=True)
    assert [row.ids for row in batch[0:2]] == batch["input_ids"]
    assert {**batch} == batch.data
    assert batch.word_to_tokens(0, 1) == TokenSpan(2, 4)
    assert batch.word_to_chars(0, 1) == CharSpan(2, 5)
    assert batch.token_to_chars(0, -1) is None
    assert batch.token_to_word(-2) == 0
    assert batch.token_to_sequence(-2) == 1
    assert batch.char_to_word(0, 3) == 1
    assert batch.char_to_token(1, 0, sequence_index=1) == 3
    assert batch.word_to_chars(9) is None
    assert "tokens=['[CLS]'" in repr(batch[0])
    with pytest.raises(AttributeError, match="Its keys are: input_ids"):
        _ = batch.labels


def test_batch_encoding_of_ones_own():
    batch = BatchEncoding({"input_ids": [[1, 2], [3, 4]]})
    assert not batch.is_fast
    assert batch.encodings is None
    assert batch.n_sequences is None
    assert batch[0:1] == {"input_ids": [[1, 2]]}
    with pytest.raises(KeyError, match="slice of rows"):
        _ = batch[0]
    with pytest.raises(ValueError, match="known only of what a call"):
        batch.tokens()
    assert batch.convert_to_tensors("np", prepend_batch_axis=True).input_ids.shape == (1, 2, 2)


def test_batch_encoding_can_be_pickled(tokenizer):
    batch = tokenizer(["a béd", "b [E1]"], padding=True, return_tensors="np")
    again = pickle.loads(pickle.dumps(batch))
    assert again.input_ids.tolist() == batch.input_ids.tolist()
    assert again.n_sequences == 1
    for name in ("tokens", "word_ids", "offsets", "type_ids", "attention_mask", "special_tokens_mask", "sequence_ids"):
        assert getattr(again[1], name) == getattr(batch[1], name), name


# === Copies, files, other tokenizers ===


def everything(tokenizer):
    batch = tokenizer([TEXT, "Café", "[MASK]  b"], padding=True, return_offsets_mapping=True)
    return batch.data, tokenizer.get_added_vocab(), tokenizer.special_tokens_map, tokenizer.all_special_tokens


def test_copies_are_equal(tokenizer):
    for again in (copy.copy(tokenizer), copy.deepcopy(tokenizer), pickle.loads(pickle.dumps(tokenizer))):
        assert everything(again) == everything(tokenizer)
        assert repr(again) == repr(tokenizer)
    assert "vocab_size=36" in repr(tokenizer)
    assert "36: AddedToken(content='[E1]'" in repr(tokenizer)
    assert bool(tokenizer)


def test_a_copy_changes_alone(tokenizer):
    for again in (copy.copy(tokenizer), copy.deepcopy(tokenizer)):
        assert again.add_tokens(["zz"]) == 1
        assert (len(again), len(tokenizer)) == (38, 37)
        assert "zz" in again.get_added_vocab()
        assert "zz" not in tokenizer.get_added_vocab()


def test_a_token_that_cannot_be_added_changes_nothing(tokenizer):
    again = copy.deepcopy(tokenizer)
    with pytest.raises(TypeError, match="An added token must be"):
        again.add_tokens(["zz", 5])
    with pytest.raises(ValueError, match="add_special_tokens"):
        again.pad_token = "zz"
    with pytest.raises(ValueError, match="must be a token"):
        again.sep_token = None
    with pytest.raises(ValueError, match="An id must be 0 to 36"):
        again.cls_token_id = 37
    with pytest.raises(ValueError, match="must be a piece"):
        again.unk_token = "[E1]"
    assert everything(again) == everything(tokenizer)


def test_a_new_cls_token_opens_rows(tokenizer):
    again = copy.deepcopy(tokenizer)
    again.add_special_tokens({"cls_token": "[START]"})
    assert again.tokenize("a", add_special_tokens=True) == ["[START]", "a", "[SEP]"]
    assert again.tokenize("[CLS]") == ["[CLS]"]


def test_saved_and_loaded(tmp_path, tokenizer):
    changed = copy.deepcopy(tokenizer)
    changed.add_special_tokens({"bos_token": "[BOS]"})
    changed.model_max_length, changed.padding_side = 20, "left"
    changed.clean_up_tokenization_spaces, changed.model_input_names = True, ["input_ids", "attention_mask"]
    paths = changed.save_pretrained(tmp_path / "new")
    assert sorted(path.rsplit("/", 1)[1] for path in paths) == ["tokenizer.json", "tokenizer_config.json", "vocab.txt"]
    again = BertTokenizer.from_pretrained(tmp_path / "new")
    assert everything(again)[:3] == everything(changed)[:3]
    assert set(again.all_special_tokens) == set(changed.all_special_tokens)
    assert again.clean_up_tokenization_spaces
    for name in ("model_max_length", "padding_side", "model_input_names", "never_split"):
        assert getattr(again, name) == getattr(changed, name), name
    assert again.name_or_path == str(tmp_path / "new")
    overruled = BertTokenizer.from_pretrained(tmp_path / "new", padding_side="right", cls_token="[E1]")
    assert (overruled.padding_side, overruled.encode("a")) == ("right", [36, 5, 3])
    assert again("a", truncation=True, padding="max_length").keys() == {"input_ids", "attention_mask"}
    config = json.loads((tmp_path / "new" / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert config["tokenizer_class"] == "BertTokenizer"


def test_vocabulary_alone(tmp_path, tokenizer):
    assert tokenizer.save_vocabulary(tmp_path, "x") == (str(tmp_path / "x-vocab.txt"),)
    (path,) = tokenizer.save_vocabulary(tmp_path)
    assert BertTokenizer(path).vocab_list == PIECES


def test_ids_are_those_of_the_layer(tokenizer):
    changed = copy.deepcopy(tokenizer)
    changed.model_max_length, changed.truncation_side = 7, "left"
    layer = FastBertTokenizer.from_tokenizer(changed)
    first, second = [TEXT, "a", "don't Café b"], ["b c d", "bed bed bed bed", ""]
    for pair in ([first], [first, second]):
        batch = changed(*pair, truncation=True, padding=True)
        assert {name: value.numpy().tolist() for name, value in layer(*pair).items()} == batch.data
    back = BertTokenizer.from_tokenizer(layer)
    assert back(first, second, truncation=True).data == changed(first, second, truncation=True).data


def test_from_a_rust_tokenizer():
    rust = rust_tokenizer()
    assert BertTokenizer.from_tokenizer(rust).encode("a cab two words") == rust.encode("a cab two words").ids


def test_ids_of_ones_own():
    tokenizer = BertTokenizer(PIECES, cls_token_id=7, pad_token_id=8)
    assert tokenizer(["a", "a b"], padding=True)["input_ids"] == [[7, 5, 3, 8], [7, 5, 6, 3]]
    assert (tokenizer.cls_token_id, tokenizer.pad_token_id, tokenizer.pad_token) == (7, 8, "[PAD]")
    assert FastBertTokenizer.from_tokenizer(tokenizer)(["a"])["input_ids"].numpy().tolist() == [[7, 5, 3]]
    tokenizer.cls_token = "[CLS]"
    assert tokenizer.encode("a") == [2, 5, 3]
