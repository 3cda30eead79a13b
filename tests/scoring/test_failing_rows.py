"""What is said of rows that fail: why, and nothing of what they hold."""

import pytest

from tfbert.scoring.failing_rows import answered_by_halves, reason


@pytest.mark.parametrize("quoted", ["it's né", "it's né".encode(), ["it's né"], [b"x", "it's né".encode()]])
def test_texts_are_left_out_whether_the_row_or_the_message_has_bytes_or_str(quoted):
    for text in ("it's né", "it's né".encode()):
        assert reason(ValueError(f"Wrong: {text!r}."), [3, None, quoted]) == "Wrong: '…'."


def test_half_a_pair_is_left_out():
    for text in ("\ud800", b"\xed\xa0\x80"):
        assert reason(ValueError(f"Wrong: {text!r}."), ["\ud800"]) == "Wrong: '…'."


def test_what_is_no_rows_fault_is_raised():
    def gone(rows):
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        list(answered_by_halves(gone, [1, 2]))
