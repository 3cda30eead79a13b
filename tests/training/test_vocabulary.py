"""Vocabularies learned from text files, by the function and by the command."""

import sys

import pytest

from tfbert.cli.main import main
from tfbert.layers import FastBertTokenizer
from tfbert.training import train_vocabulary

TEXT = "The unaffable cat sat on the mat. Das Café – déjà vu! 北京\n" * 20


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_learned_pieces_spell_the_text(corpus):
    pieces = train_vocabulary(corpus, vocab_size=120)
    assert pieces[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert {"cat", "cafe", "北", "!"} <= set(pieces)
    assert not any(piece != piece.lower() for piece in pieces[5:])
    tokenizer = FastBertTokenizer(pieces)
    assert pieces.index("[UNK]") not in tokenizer.tokenize([TEXT]).to_list()[0]


def test_options_reach_the_trainer(corpus):
    cased = train_vocabulary([corpus, corpus], vocab_size=200, do_lower_case=False)
    assert {"Café", "The", "the"} <= set(cased)
    assert len(train_vocabulary(corpus, vocab_size=40, limit_alphabet=20)) == 40
    assert "cat" not in train_vocabulary(corpus, vocab_size=200, min_frequency=1000)


def test_the_command_writes_a_folder_that_reads_back(corpus, tmp_path, capsys):
    folder = tmp_path / "tokenizer"
    arguments = [str(corpus), "--output", str(folder), "--vocab-size", "60", "--cased", "--max-length", "64"]
    assert main(["train-tokenizer", *arguments]) == 0
    assert f"60 pieces in {folder}" in capsys.readouterr().out
    tokenizer = FastBertTokenizer.from_pretrained(folder)
    assert (tokenizer.vocab_size, tokenizer.do_lower_case, tokenizer.max_length) == (60, False, 64)


@pytest.mark.parametrize(
    ("content", "options", "error", "message"),
    [
        (b"", {}, ValueError, "No text to learn from"),
        (b"\xff\xfe", {}, ValueError, "is not UTF-8"),
        (b"a", {"vocab_size": 5}, ValueError, "`vocab_size` must be an integer of at least 6"),
        (b"a", {"min_frequency": -1}, ValueError, "`min_frequency`"),
        (b"a", {"special_tokens": ["[PAD]"]}, ValueError, r"must hold '\[UNK\]'"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(tmp_path, content, options, error, message):
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    with pytest.raises(error, match=message):
        train_vocabulary(path, **options)


def test_a_missing_file_is_named(tmp_path, capsys):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt"):
        train_vocabulary(tmp_path / "nowhere.txt")
    assert main(["train-tokenizer", str(tmp_path / "nowhere.txt"), "--output", str(tmp_path)]) == 1
    assert "nowhere.txt" in capsys.readouterr().err


def test_without_the_library_the_extra_is_named(corpus, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'tfbert-keras\[vocabulary\]'"):
        train_vocabulary(corpus)
