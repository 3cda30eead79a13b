"""What TokenizerSettings.save writes, read back by itself and by Hugging Face's tokenizers."""

import json

import pytest
import tokenizers

from tests.tokenization.settings.settings_cases import CASES, FLAGS, PIECES, complete, lines, tokens_with_ids, write
from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.settings.token_ids import SPECIAL_TOKENS
from tfbert.tokenization.settings.tokenizer_settings import TokenizerSettings


def sample(**options):
    """Settings with every option away from its default."""
    return TokenizerSettings(
        vocab_list=["<pad>", "<unk>", "<s>", "</s>", "<mask>", "hello", "@@s", "[unused1]"],
        options={
            **{"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False, "clean_text": False},
            **{"never_split": ["a b", "[x]"], "split_special_tokens": True, "max_length": 77},
            **{"wordpieces_prefix": "@@", "max_input_chars_per_word": 7},
            **{"truncation_side": "left", "padding_side": "left"},
            **{"unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>"},
            "mask_token": "<mask>",
            "added_tokens": [
                AddedToken("<mask>", lstrip=True, special=True),
                AddedToken("[unused1]", special=True),
                AddedToken("[E1]", special=True),
                AddedToken("New York", single_word=True, rstrip=True),
            ],
            **options,
        },
    )


def test_what_is_saved_is_read_back(tmp_path):
    sample().save(tmp_path)
    assert TokenizerSettings.from_folder(tmp_path) == sample()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_was_read_is_saved(tmp_path, case):
    settings = TokenizerSettings.from_folder(write(tmp_path / "read", case["files"]))
    settings.save(tmp_path / "saved")
    again = TokenizerSettings.from_folder(tmp_path / "saved")
    assert again.vocab_list == settings.vocab_list
    assert complete(again) == complete(settings)


@pytest.mark.parametrize("case", [case for case in CASES if not case["why"]], ids=lambda case: case["name"])
def test_what_is_saved_gives_the_ids_of_the_folder(tmp_path, case):
    settings = TokenizerSettings.from_folder(write(tmp_path / "read", case["files"]))
    settings.save(tmp_path / "saved")
    rust = tokenizers.Tokenizer.from_file(str(tmp_path / "saved" / "tokenizer.json"))
    rust.encode_special_tokens = complete(settings)["split_special_tokens"]  # no part of the file
    assert [encoding.ids for encoding in rust.encode_batch(case["texts"])] == case["ids"]


def test_ids_of_ones_own_are_saved(tmp_path):
    own = {"cls_token_id": 5, "sep_token_id": 6, "pad_token_id": 7}
    sample(**own).save(tmp_path)
    assert TokenizerSettings.from_folder(tmp_path) == sample(**own)
    rust = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert rust.encode("", "").ids == [5, 6, 6]


def test_usual_ids_are_not_read_back(tmp_path):
    sample(cls_token_id=2, sep_token_id=3, pad_token_id=0).save(tmp_path)
    assert TokenizerSettings.from_folder(tmp_path) == sample()


@pytest.mark.parametrize("settings", [sample(), TokenizerSettings(vocab_list=PIECES, options={})])
def test_tokenizers_reads_what_is_saved(tmp_path, settings):
    settings.save(tmp_path)
    rust = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    options = complete(settings)
    new = [token.content for token in options["added_tokens"] if token.content not in settings.vocab_list]
    assert rust.get_vocab(with_added_tokens=False) == {p: i for i, p in enumerate(settings.vocab_list)}
    assert rust.get_vocab(with_added_tokens=True) == {p: i for i, p in enumerate([*settings.vocab_list, *new])}
    decoder = rust.get_added_tokens_decoder().items()
    flags = [[i, token.content, [flag for flag in FLAGS if getattr(token, flag)]] for i, token in decoder]
    assert sorted(flags) == tokens_with_ids(settings)
    written, kept = json.loads((tmp_path / "tokenizer.json").read_text("utf-8")), json.loads(rust.to_str())
    assert written == kept  # it fills in nothing that we left out
    assert rust.encode("hello", "hello").type_ids == [0, 0, 0, 1, 1]
    assert rust.decode(rust.encode("hello hellos").ids) == "hello hellos"


def test_bare_tokenizer_is_read_back(tmp_path):
    sample().save(tmp_path)
    options = TokenizerSettings.from_tokenizer(tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))).options
    told_elsewhere = {"never_split", "split_special_tokens", "max_length", "truncation_side", "padding_side"}
    told_elsewhere |= {"pad_token", "mask_token", "added_tokens"}  # the file alone names no pad and mask
    expected = {name: value for name, value in sample().options.items() if name not in told_elsewhere}
    assert {name: value for name, value in options.items() if name not in told_elsewhere} == expected


def test_saving_over_another_tokenizer_leaves_none_of_it(tmp_path):
    write(tmp_path, {"added_tokens.json": {"x": 99}, "special_tokens_map.json": {"cls_token": "x"}, "vocab.txt": "x\n"})
    sample().save(tmp_path)
    assert TokenizerSettings.from_folder(tmp_path) == sample()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tokenizer.json", "tokenizer_config.json", "vocab.txt"]
    assert (tmp_path / "vocab.txt").read_text("utf-8") == lines(sample().vocab_list)


def test_line_break_in_a_piece_leaves_out_vocab_txt(tmp_path):
    write(tmp_path, {"vocab.txt": lines()})
    settings = TokenizerSettings(vocab_list=[*PIECES, "a\nb"], options={})
    settings.save(tmp_path)
    assert not (tmp_path / "vocab.txt").exists()
    assert TokenizerSettings.from_folder(tmp_path).vocab_list == settings.vocab_list


def test_saving_twice_gives_the_same_bytes(tmp_path):
    for name in ("first", "second"):
        sample().save(tmp_path / name)
    TokenizerSettings.from_folder(tmp_path / "first").save(tmp_path / "second")
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_tokenizer_config_is_as_transformers_writes_it(tmp_path):
    TokenizerSettings(vocab_list=PIECES, options={"max_length": 512}).save(tmp_path)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text("utf-8"))
    decoder = config.pop("added_tokens_decoder")
    assert config == {
        **{"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True, **SPECIAL_TOKENS},
        **{"truncation_side": "right", "padding_side": "right", "split_special_tokens": False},
        **{"model_max_length": 512, "tokenizer_class": "BertTokenizer"},
    }
    assert list(decoder) == ["0", "1", "2", "3", "4"]
    assert decoder["4"] == {"content": "[MASK]", **dict.fromkeys(FLAGS, False), "special": True}
