import pytest

from tfbert.tokenization.vocabulary import check_vocabulary, read_vocabulary, write_vocabulary


def test_file_round_trip_keeps_odd_pieces(tmp_path):
    pieces = ["[UNK]", "a", "\u2028", "\x85", " ", "", "##é", "x\ry"]
    write_vocabulary(pieces, tmp_path / "vocab.txt")
    assert read_vocabulary(tmp_path / "vocab.txt") == pieces


def test_windows_line_ends_and_missing_last_one_are_read(tmp_path):
    (tmp_path / "vocab.txt").write_bytes(b"[UNK]\r\na\r\n##b")
    assert read_vocabulary(tmp_path / "vocab.txt") == ["[UNK]", "a", "##b"]


def test_a_piece_with_a_line_break_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match="line break"):
        write_vocabulary(["a\nb"], tmp_path / "vocab.txt")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "vocab.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="not UTF-8"):
        read_vocabulary(tmp_path / "vocab.txt")


@pytest.mark.parametrize(
    ("pieces", "error", "message"),
    [
        ("vocab.txt", TypeError, "from_pretrained"),
        (["[UNK]", 3], TypeError, "at id 1"),
        (["[UNK]", "a", "a"], ValueError, "'a' at ids 1 and 2"),
        (["a", "b"], ValueError, r"\[UNK\]"),
        (["[UNK]"], ValueError, "word pieces"),
        (["[UNK]", "a\0"], ValueError, "NUL"),
        (["[UNK]", "\ud800"], ValueError, "surrogates"),
        ([], ValueError, r"\[UNK\]"),
    ],
)
def test_wrong_vocabularies_are_refused(pieces, error, message):
    with pytest.raises(error, match=message):
        check_vocabulary(pieces, ["[UNK]"])
