import json

import pytest
import tokenizers

from tfbert.layers import FastBertTokenizer
from tfbert.tokenization.settings import TokenizerSettings


def write_tokenizer_json(folder, pieces, **normalizer):
    tokenizer = tokenizers.BertWordPieceTokenizer({piece: index for index, piece in enumerate(pieces)}, **normalizer)
    tokenizer.save(str(folder / "tokenizer.json"))


def test_vocab_txt_with_config(tmp_path, vocabulary):
    (tmp_path / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"do_lower_case": False, "model_max_length": 77, "cls_token": {"content": "[CLS]"}})
    )
    tokenizer = FastBertTokenizer.from_pretrained(tmp_path)
    assert tokenizer.vocab_list == vocabulary
    assert tokenizer.do_lower_case is False
    assert tokenizer.max_length == 77


def test_vocab_txt_alone_lower_cases_up_to_512(tmp_path, vocabulary):
    (tmp_path / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), encoding="utf-8")
    tokenizer = FastBertTokenizer.from_pretrained(tmp_path)
    assert tokenizer.do_lower_case is True
    assert tokenizer.max_length == 512


def test_unset_model_max_length_is_passed_over(tmp_path, vocabulary):
    (tmp_path / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": int(1e30)}))
    assert FastBertTokenizer.from_pretrained(tmp_path).max_length == 512


def test_tokenizer_json_wins(tmp_path, vocabulary):
    write_tokenizer_json(tmp_path, vocabulary, lowercase=False)
    (tmp_path / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\nother\n")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}))
    tokenizer = FastBertTokenizer.from_pretrained(tmp_path)
    assert tokenizer.vocab_list == vocabulary
    assert tokenizer.do_lower_case is False


def test_from_tokenizers_object_gives_its_ids(vocabulary):
    rust = tokenizers.BertWordPieceTokenizer({piece: index for index, piece in enumerate(vocabulary)})
    texts = ["I love the unaffable cat!", "Café déjà vu 北京", "zzz 99"]
    tokenizer = FastBertTokenizer.from_tokenizer(rust._tokenizer)
    assert tokenizer.tokenize(texts).to_list() == [
        encoding.ids for encoding in rust.encode_batch(texts, add_special_tokens=False)
    ]


class SlowTokenizer:
    """The attributes that transformers' slow BertTokenizer has."""

    unk_token, cls_token, sep_token, pad_token, mask_token = "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"
    model_max_length = 64

    class basic_tokenizer:
        do_lower_case, strip_accents, tokenize_chinese_chars = False, None, True

    def __init__(self, pieces):
        self._pieces = pieces

    def get_vocab(self):
        return {piece: index for index, piece in enumerate(self._pieces)}


def test_from_slow_tokenizer_object(vocabulary):
    tokenizer = FastBertTokenizer.from_tokenizer(SlowTokenizer(vocabulary), padding="max_length")
    assert tokenizer.do_lower_case is False
    assert tokenizer.max_length == 64
    assert tokenizer.padding == "max_length"
    assert tokenizer.vocab_list == vocabulary


def test_what_is_no_tokenizer_is_refused():
    with pytest.raises(TypeError, match="Received: str"):
        FastBertTokenizer.from_tokenizer("bert-base-uncased")


@pytest.mark.parametrize(
    "stated", [{"truncation_side": "left"}, {"padding_side": "left"}, {"do_basic_tokenize": False}]
)
def test_settings_that_would_change_the_ids_are_refused(tmp_path, vocabulary, stated):
    (tmp_path / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(stated))
    with pytest.raises(ValueError, match=next(iter(stated))):
        FastBertTokenizer.from_pretrained(tmp_path)


def test_saving_over_another_tokenizer_leaves_none_of_it(tmp_path, vocabulary):
    write_tokenizer_json(tmp_path, ["[UNK]", "[CLS]", "[SEP]", "other"])
    FastBertTokenizer(vocabulary).save_pretrained(tmp_path)
    assert FastBertTokenizer.from_pretrained(tmp_path).vocab_list == vocabulary


def test_missing_vocabulary_names_both_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"neither tokenizer\.json nor vocab\.txt"):
        FastBertTokenizer.from_pretrained(tmp_path)


def test_missing_folder_is_named():
    with pytest.raises(FileNotFoundError, match="bert-base-uncased"):
        FastBertTokenizer.from_pretrained("bert-base-uncased")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        (json.dumps({"model": {"type": "BPE", "vocab": {}}}), "must be WordPiece"),
        (json.dumps({"model": {"type": "WordPiece", "vocab": {}}, "normalizer": {"type": "NFC"}}), "BertNormalizer"),
        (
            json.dumps(
                {"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 2}}, "normalizer": {"type": "BertNormalizer"}}
            ),
            "without gaps",
        ),
    ],
)
def test_tokenizer_json_of_another_kind_is_refused(tmp_path, content, message):
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        TokenizerSettings.from_folder(tmp_path)
