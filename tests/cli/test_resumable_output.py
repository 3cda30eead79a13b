"""ResumableOutput by itself: runs that meet, interruptions, and names of columns that meet."""

import json
from pathlib import Path

import pytest

from tfbert.cli.answer_file import with_answer
from tfbert.cli.resumable_output import ResumableOutput


def killed(self):
    raise KeyboardInterrupt


def test_the_next_run_keeps_its_state_when_it_begins_as_another_ends(tmp_path, monkeypatch):
    begun = []

    def begin_the_next(*removed):
        if not begun:
            try:
                begun.append(ResumableOutput(tmp_path / "out", {}, overwrite=True).__enter__())
            except BlockingIOError:
                return
            begun[0].add([b"b\n"], ["b"])
            begun[0]._commit()

    unlink = Path.unlink

    def unlink_late(path, missing_ok=False):
        begin_the_next()
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink_late)
    with ResumableOutput(tmp_path / "out", {}, overwrite=True) as output:
        output.add([b"a\n"], ["a"])
        output.finish()
    begin_the_next()
    begun[0].__exit__(None)
    assert json.loads((tmp_path / "out.partial.json").read_text())["rows"] == 1
    assert [(tmp_path / name).read_text() for name in ("out", "out.partial")] == ["a\n", "b\n"]


def test_an_interrupted_commit_writes_nothing_twice(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(ResumableOutput, "_write_state", killed)
        with pytest.raises(KeyboardInterrupt):
            ResumableOutput(tmp_path / "out", {}).__enter__()
    (tmp_path / "out.partial").unlink()
    output = ResumableOutput(tmp_path / "out", {}).__enter__()
    output.add([b"a\n"], ["a"])
    with monkeypatch.context() as patch:
        patch.setattr(ResumableOutput, "_write_state", killed)
        with pytest.raises(KeyboardInterrupt):
            output._commit()
    output.__exit__(KeyboardInterrupt)
    with ResumableOutput(tmp_path / "out", {}) as output:
        assert output.counts["rows"] == 0
        output.add([b"a\n", b"b\n"], ["a", "b"])
        output.finish()
    assert (tmp_path / "out").read_text() == "a\nb\n"


@pytest.mark.parametrize(
    ("row", "answer", "expected"),
    [
        ({"a": 1}, {"a": 2, "input_a": 3}, {"input_input_a": 1, "a": 2, "input_a": 3}),
        ({"a": 1, "input_a": 4}, {"a": 2, "input_a": 3}, {"input_input_a": 1, "input_input_input_a": 4}),
        ({"line": "x", "text": 3}, {"line": 7, "error": "why"}, {"input_line": "x", "line": 7, "text": 3}),
    ],
)
def test_every_value_of_a_row_keeps_a_name(row, answer, expected):
    named = with_answer(row, answer, "answers")
    assert named.items() >= {**expected, **answer}.items()
    assert len(named) == len(row) + len(answer)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a text", "--output", "{tmp}/out"], "give --input FILE rather than TEXT"),
        (["a text", "--restart"], "go with --output FILE"),
        (["a text", "--on-error", "write"], "go with --output FILE"),
    ],
)
def test_commands_that_make_no_sense(run, tmp_path, arguments, message):
    code, _, error = run("predict", "/nowhere", *(argument.format(tmp=tmp_path) for argument in arguments))
    assert (code, message in error) == (2, True)
