"""Every file that tells of a tokenizer, every rule of precedence, every refusal."""

import pytest

from tests.tokenization.settings.settings_cases import (
    CASES,
    END,
    PIECES,
    complete,
    lines,
    placed,
    tokenizer_json,
    tokens_with_ids,
    write,
)
from tfbert.tokenization.settings.tokenizer_settings import TokenizerSettings


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_folder_is_read_as_transformers_reads_it(tmp_path, case):
    settings = TokenizerSettings.from_folder(write(tmp_path, case["files"]))
    ours = {"max_length": None, **complete(settings), "added_tokens": tokens_with_ids(settings)}
    different = {name for name, expected in case["expected_options"].items() if ours[name] != expected}
    assert different == set(case["differs"])


def test_tokenizer_json_alone_says_everything(tmp_path):
    content = tokenizer_json(
        normalizer={"type": "BertNormalizer", "lowercase": False, "strip_accents": True, "clean_text": False},
        model={
            **{"vocab": {"<u>": 0, "<s>": 1, "</s>": 2, "a": 3}, "unk_token": "<u>"},  # old files name no type
            **{"continuing_subword_prefix": "", "max_input_chars_per_word": 9},
        },
        post_processor={"type": "BertProcessing", "sep": ["</s>", 2], "cls": ["<s>", 1]},
    )
    settings = TokenizerSettings.from_folder(write(tmp_path, {"tokenizer.json": content}))
    assert settings.vocab_list == ["<u>", "<s>", "</s>", "a"]
    assert settings.options == {
        **{"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": True, "clean_text": False},
        **{"unk_token": "<u>", "cls_token": "<s>", "sep_token": "</s>"},
        **{"wordpieces_prefix": "", "max_input_chars_per_word": 9},
    }


def test_vocab_txt_alone_leaves_the_options_open(tmp_path):
    settings = TokenizerSettings.from_folder(write(tmp_path, {"vocab.txt": lines()}))
    assert settings == TokenizerSettings(vocab_list=PIECES, options={})


def test_never_split_is_read(tmp_path):
    files = {"vocab.txt": lines(), "tokenizer_config.json": {"never_split": ["b", "a"]}}
    assert TokenizerSettings.from_folder(write(tmp_path, files)).options == {"never_split": ["b", "a"]}


@pytest.mark.parametrize("config", [{"never_split": None}, {"cls_token": None}, {"added_tokens_decoder": {}}])
def test_null_says_nothing(tmp_path, config):
    files = {"vocab.txt": lines(), "tokenizer_config.json": config}
    assert TokenizerSettings.from_folder(write(tmp_path, files)).options == {}


def test_token_as_dict_without_type_is_read(tmp_path):
    files = {"vocab.txt": lines(), "tokenizer_config.json": {"cls_token": {"content": "[CLS]"}}}
    assert TokenizerSettings.from_folder(write(tmp_path, files)).options == {"cls_token": "[CLS]"}


def test_added_token_fills_a_gap_of_the_vocabulary(tmp_path):
    vocabulary = {piece: index for index, piece in enumerate(PIECES) if piece != "hello"}
    content = tokenizer_json(model={"vocab": vocabulary}, added_tokens=[placed("hello", 5), placed("[E1]", END)])
    settings = TokenizerSettings.from_folder(write(tmp_path, {"tokenizer.json": content}))
    assert settings.vocab_list == PIECES
    assert [token.content for token in settings.options["added_tokens"]] == ["hello", "[E1]"]


@pytest.mark.parametrize("part", ["normalizer", "pre_tokenizer"])
def test_sequence_of_one_is_read(tmp_path, part):
    kind, members = {
        "normalizer": ("BertNormalizer", "normalizers"),
        "pre_tokenizer": ("BertPreTokenizer", "pretokenizers"),
    }[part]
    content = tokenizer_json(**{part: {"type": "Sequence", members: [{"type": kind}]}})
    assert TokenizerSettings.from_folder(write(tmp_path, {"tokenizer.json": content})).vocab_list == PIECES


# === Refusals ===


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"vocab.txt": lines(), "tokenizer_config.json": {"do_basic_tokenize": False}}, "`do_basic_tokenize` must be"),
        ({"vocab.txt": lines(["[UNK]", "a", "a"])}, "must not hold a piece twice"),
        ({"vocab.txt": lines(), "added_tokens.json": {"[E1]": END + 1}}, f"id {END + 1} .* where {END} was due"),
        ({"vocab.txt": lines(), "added_tokens.json": {"[E1]": 5}}, r"contradicts the vocabulary.*5 is 'hello'"),
        ({"vocab.txt": lines(), "added_tokens.json": {"hello": END}}, "'hello' has the id 5"),
        (
            {
                "vocab.txt": lines(),
                "added_tokens.json": {"[E1]": END},
                "tokenizer_config.json": {"added_tokens_decoder": {str(END): {"content": "[E2]"}}},
            },
            r"tokenizer_config.json and added_tokens.json contradict",
        ),
        (
            {
                "tokenizer.json": tokenizer_json(added_tokens=[placed("[E1]", END)]),
                "added_tokens.json": {"[E1]": END + 1},
            },
            r"tokenizer.json and added_tokens.json contradict .* id 9, here '\[E1\]' has the id 10",
        ),
        ({"tokenizer.json": "{"}, "not valid JSON"),
        ({"tokenizer.json": "[]"}, "must hold a JSON dict"),
        ({"tokenizer.json": tokenizer_json(model={"type": "BPE", "vocab": {}})}, "WordPiece. Received: 'BPE'"),
        ({"tokenizer.json": tokenizer_json(normalizer={"type": "NFC"})}, "BertNormalizer. Received: 'NFC'"),
        ({"tokenizer.json": tokenizer_json(normalizer=None)}, "BertNormalizer. Received: None"),
        (
            {
                "tokenizer.json": tokenizer_json(
                    normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "BertNormalizer"}]}
                )
            },
            r"Received: a Sequence of \['NFC', 'BertNormalizer'\]",
        ),
        ({"tokenizer.json": tokenizer_json(pre_tokenizer={"type": "Whitespace"})}, "BertPreTokenizer. .*'Whitespace'"),
        ({"tokenizer.json": tokenizer_json(pre_tokenizer=None)}, "BertPreTokenizer. Received: None"),
        ({"tokenizer.json": tokenizer_json(post_processor={"type": "ByteLevel"})}, "post_processor .*'ByteLevel'"),
        (
            {
                "tokenizer.json": tokenizer_json(
                    post_processor={
                        "type": "TemplateProcessing",
                        "single": [{"Sequence": {"id": "A", "type_id": 0}}],
                        "pair": [],
                    }
                )
            },
            r"post_processor must be .*\[CLS\] A \[SEP\]",
        ),
        ({"tokenizer.json": tokenizer_json(model={"vocab": {"a": 0, "b": 2}})}, "without gaps"),
        ({"tokenizer.json": tokenizer_json(model={"vocab": {"a": 0, "b": 0}})}, "without gaps"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path, files, message):
    with pytest.raises(ValueError, match=message):
        TokenizerSettings.from_folder(write(tmp_path, files))


def test_missing_vocabulary_names_both_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"neither tokenizer\.json nor vocab\.txt"):
        TokenizerSettings.from_folder(tmp_path)


def test_missing_folder_is_named():
    with pytest.raises(FileNotFoundError, match="bert-base-uncased"):
        TokenizerSettings.from_folder("bert-base-uncased")
