"""Tokenizer objects of Hugging Face, and tfbert's own, read by TokenizerSettings."""

import pytest
import tokenizers

from tests.tokenization.settings.settings_cases import END, PIECES
from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.settings.token_ids import SPECIAL_TOKENS
from tfbert.tokenization.settings.tokenizer_settings import TokenizerSettings


def test_tokenizers_object_says_everything():
    rust = tokenizers.BertWordPieceTokenizer({piece: i for i, piece in enumerate(PIECES)}, lowercase=False)._tokenizer
    rust.add_tokens([tokenizers.AddedToken("New York", rstrip=True)])
    rust.add_special_tokens([tokenizers.AddedToken("[MASK]", lstrip=True)])
    rust.enable_truncation(33, direction="left")
    rust.enable_padding(direction="left", pad_token="hello", pad_id=5, pad_to_multiple_of=8)
    rust.encode_special_tokens = True
    settings = TokenizerSettings.from_tokenizer(rust)
    assert settings.vocab_list == PIECES
    assert settings.options == {
        **{"do_lower_case": False, "strip_accents": None, "tokenize_chinese_chars": True, "clean_text": True},
        **{"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "hello"},
        **{"wordpieces_prefix": "##", "max_input_chars_per_word": 100, "split_special_tokens": True},
        **{"max_length": 33, "truncation_side": "left", "padding_side": "left", "pad_to_multiple_of": 8},
        # [PAD] is listed since another is the pad token, [MASK] since it has a flag.
        "added_tokens": [
            AddedToken("[PAD]", special=True),
            AddedToken("[MASK]", lstrip=True, special=True),
            AddedToken("New York", rstrip=True),
        ],
    }


class FastTokenizer:
    """The attributes that transformers' BertTokenizer has; its backend keeps the sections of the last call."""

    cls_token, mask_token, pad_token, unk_token, sep_token = "[CLS]", "<m>", "[PAD]", "hello", None
    model_max_length, truncation_side, padding_side, split_special_tokens = int(1e30), "left", "right", False

    def __init__(self):
        vocabulary = {piece: index for index, piece in enumerate([*PIECES, "<m>"])}
        self.backend_tokenizer = tokenizers.BertWordPieceTokenizer(vocabulary)._tokenizer
        self.backend_tokenizer.enable_truncation(5)
        self.backend_tokenizer.enable_padding(direction="left")


def test_fast_tokenizer_gives_what_its_backend_does():
    settings = TokenizerSettings.from_tokenizer(FastTokenizer())
    assert settings.options == {
        **{"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True, "clean_text": True},
        **{"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "<m>"},
        **{"wordpieces_prefix": "##", "max_input_chars_per_word": 100},
        **{"truncation_side": "left", "padding_side": "right", "split_special_tokens": False},
        "added_tokens": [AddedToken("[MASK]", special=True)],  # in the backend, but not the mask token
    }


class SlowTokenizer:
    """The attributes that the slow BertTokenizer of transformers 4 has."""

    unk_token, cls_token, sep_token, pad_token, mask_token = "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"
    all_special_tokens = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "[E1]"]
    model_max_length, vocab_size, do_basic_tokenize = 64, END, True
    added_tokens_decoder = {END + 1: "hi there", END: "[E1]"}

    class basic_tokenizer:
        do_lower_case, strip_accents, tokenize_chinese_chars, never_split = False, None, True, {"b", "a"}

    class wordpiece_tokenizer:
        max_input_chars_per_word = 50

    def get_vocab(self):
        return {piece: index for index, piece in enumerate([*PIECES, "[E1]", "hi there"])}


SLOW = {
    **{"do_lower_case": False, "strip_accents": None, "tokenize_chinese_chars": True, "never_split": ["a", "b"]},
    **{"max_length": 64, "max_input_chars_per_word": 50, **SPECIAL_TOKENS},
    "added_tokens": [AddedToken("[E1]", special=True), AddedToken("hi there")],
}


def test_slow_tokenizer_with_plain_added_tokens():
    settings = TokenizerSettings.from_tokenizer(SlowTokenizer())
    assert settings == TokenizerSettings(vocab_list=PIECES, options=SLOW)


def test_slow_tokenizer_with_flags():
    tokenizer = SlowTokenizer()
    tokenizer.added_tokens_decoder = {
        4: tokenizers.AddedToken("[MASK]", special=True, normalized=False),
        END: tokenizers.AddedToken("[E1]", lstrip=True, special=True, normalized=False),
        END + 1: tokenizers.AddedToken("hi there"),
    }
    added = [AddedToken("[E1]", lstrip=True, special=True), AddedToken("hi there")]
    assert TokenizerSettings.from_tokenizer(tokenizer).options == {**SLOW, "added_tokens": added}


def test_slow_tokenizer_without_basic_tokenizer_is_refused():
    tokenizer = SlowTokenizer()
    tokenizer.do_basic_tokenize = False
    with pytest.raises(ValueError, match="`do_basic_tokenize` must be True"):
        TokenizerSettings.from_tokenizer(tokenizer)


class OwnTokenizer:
    vocab_list = PIECES

    def get_config(self):
        return {
            **{"name": "t", "trainable": True, "dtype": "int32", "vocab_list": PIECES, "padding": "max_length"},
            **{"cls_token_id": 7, "added_tokens": [{"content": "[E1]", "special": True}]},
        }


def test_own_tokenizer_is_read():
    settings = TokenizerSettings.from_tokenizer(OwnTokenizer())
    options = {"padding": "max_length", "cls_token_id": 7, "added_tokens": [AddedToken("[E1]", special=True)]}
    assert settings == TokenizerSettings(vocab_list=PIECES, options=options)


def test_what_is_no_tokenizer_is_refused():
    with pytest.raises(TypeError, match="Received: str"):
        TokenizerSettings.from_tokenizer("bert-base-uncased")
