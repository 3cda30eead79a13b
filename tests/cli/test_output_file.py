"""`--output`: a line for each row, wrong lines, and runs that go on where others stopped."""

import fcntl
import functools
import gzip
import json
import os

import pytest

from tests.tasks.pipelines.references import make_folder
from tfbert.cli import resumable_output, row_progress
from tfbert.cli.resumable_output import ResumableOutput
from tfbert.tasks import TextClassifier, open_task

ROWS = 40


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A SavedModel that refuses long texts, which fail in the model."""
    folder = make_folder(tmp_path_factory.mktemp("checkpoint"), "sentiment")
    return TextClassifier.from_pretrained(folder, truncation=False).export(tmp_path_factory.mktemp("export") / "1")


@pytest.fixture(scope="module", autouse=True)
def opened_once():
    """Open the model once for all commands of this module, which takes a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_task, "open_task", functools.cache(open_task.open_task))
        yield


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.jsonl"
    rows = [{"id": row, "text": f"cat {'good ' * (row % 9)}{row}"} for row in range(ROWS)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.fixture
def predict(run, model, tmp_path):
    """Return a function that runs `tfbert predict … --output out.jsonl` with small batches."""

    def call(path, *arguments):
        return run("predict", model, "--input", path, "--output", tmp_path / "out.jsonl", "--batch-size", 4, *arguments)

    return call


@pytest.fixture
def stop_after(monkeypatch):
    """Return a function that has the process stop, as a kill does, once so many parts are on the disk."""

    def arrange(parts):
        monkeypatch.setattr(resumable_output, "SECONDS", 0.0)
        add, added = ResumableOutput.add, []

        def stopping(self, *arguments):
            if len(added) == parts:
                raise KeyboardInterrupt
            added.append(add(self, *arguments))

        monkeypatch.setattr(ResumableOutput, "add", stopping)

    return arrange


def killed(self):
    raise KeyboardInterrupt


def lines_of(tmp_path):
    return (tmp_path / "out.jsonl").read_text().splitlines()


def test_every_row_has_its_line(run, predict, model, texts, tmp_path):
    code, lines, error = predict(texts)
    assert (code, lines) == (0, [f"Answers to {ROWS} rows in {tmp_path / 'out.jsonl'}, 0 of them errors"]), error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "texts.jsonl"]
    assert [json.loads(line)["id"] for line in lines_of(tmp_path)] == list(range(ROWS))
    assert lines_of(tmp_path) == run("predict", model, "--input", texts, "--json", "--batch-size", 4)[1]


def test_plain_lines_packed_files_and_standard_input_give_json_too(run, predict, model, texts, tmp_path):
    rows = [json.loads(line)["text"] for line in texts.read_text().splitlines()]
    plain = tmp_path / "texts.txt.gz"
    plain.write_bytes(gzip.compress("".join(f"{row}\n" for row in rows).encode()))
    assert predict(plain)[0] == 0
    answered = lines_of(tmp_path)
    assert [json.loads(line)["text"] for line in answered] == rows
    piped = tmp_path / "piped.jsonl"
    arguments = ("--output", piped, "--batch-size", 4, "--json")
    assert run("predict", model, *arguments, stdin="\n".join(map(json.dumps, rows)))[0] == 0
    assert piped.read_text().splitlines() == answered


def test_empty_lines_of_json_are_no_rows(predict, texts, tmp_path):
    texts.write_text('\n"one"\n\n\n\n\n\n"two"\n{\n')
    code, _, error = predict(texts)
    assert (code, "Line 9" in error) == (1, True)
    assert predict(texts, "--on-error", "write")[0] == 0
    assert [json.loads(line).get("text") for line in lines_of(tmp_path)] == ["one", "two", None]


@pytest.mark.parametrize("torn", [b"", b'{"id": 8, "te'], ids=["whole", "torn"])
def test_a_stopped_run_goes_on_and_gives_the_same_bytes(predict, texts, tmp_path, stop_after, monkeypatch, torn):
    assert predict(texts)[0] == 0
    expected = (tmp_path / "out.jsonl").read_bytes()
    (tmp_path / "out.jsonl").unlink()
    with monkeypatch.context():
        stop_after(3)
        assert predict(texts)[0] == 130
    monkeypatch.undo()
    partial = tmp_path / "out.jsonl.partial"
    assert partial.read_bytes() == b"".join(expected.splitlines(keepends=True)[:12])
    with open(partial, "ab") as file:
        file.write(torn)
    assert not (tmp_path / "out.jsonl").exists()
    assert predict(texts)[0] == 0
    assert (tmp_path / "out.jsonl").read_bytes() == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "texts.jsonl"]


def test_another_input_model_or_option_is_refused(run, predict, texts, tmp_path, stop_after, monkeypatch, model):
    with monkeypatch.context():
        stop_after(2)
        assert predict(texts)[0] == 130
    monkeypatch.undo()
    part = (tmp_path / "out.jsonl.partial").read_bytes()
    code, _, error = predict(texts, "--option", "top_k=1")
    assert (code, "was begun with another option. Give the same as then, or add --restart" in error) == (1, True)
    whole = texts.read_text()
    texts.write_text(whole.replace("good 1", "fine 1", 1))
    code, _, error = predict(texts)
    assert (code, "The input differs within the 8 lines" in error) == (1, True)
    texts.write_text("")
    assert "The input differs" in predict(texts)[2]
    assert (tmp_path / "out.jsonl.partial").read_bytes() == part
    texts.write_text(whole + '"one more"\n')
    assert predict(texts)[0] == 0
    assert json.loads(lines_of(tmp_path)[-1])["text"] == "one more"


def test_answers_before_a_wrong_line_are_on_the_disk(predict, texts, tmp_path):
    lines = texts.read_text().splitlines()
    texts.write_text("\n".join([*lines[:9], "{", *lines[10:]]))
    assert predict(texts)[0] == 1
    state = json.loads((tmp_path / "out.jsonl.partial.json").read_text())
    assert (state["rows"], len((tmp_path / "out.jsonl.partial").read_text().splitlines())) == (8, 8)


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_replaced(predict, texts, tmp_path, monkeypatch, links):
    add = ResumableOutput.add

    def add_while_another_writes(self, *arguments):
        (tmp_path / "out.jsonl").write_text("of somebody else")
        add(self, *arguments)

    def refuse(source, target):
        raise OSError("no links here")

    monkeypatch.setattr(ResumableOutput, "add", add_while_another_writes)
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    code, _, error = predict(texts)
    assert (code, "appeared while answers were written" in error) == (1, True)
    assert (tmp_path / "out.jsonl").read_text() == "of somebody else"
    monkeypatch.setattr(ResumableOutput, "add", None)  # all is answered
    assert predict(texts, "--overwrite")[0] == 0
    assert len(lines_of(tmp_path)) == ROWS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "texts.jsonl"]


def test_half_a_last_line_is_not_taken_for_answered(predict, texts, tmp_path, monkeypatch):
    texts.write_text('"one"\n"two"\n"three"\n"four"\n"fi')
    with monkeypatch.context() as patch:
        patch.setattr(resumable_output, "SECONDS", 0.0)
        patch.setattr(ResumableOutput, "finish", killed)
        assert predict(texts, "--on-error", "write")[0] == 130
        texts.write_text('"one"\n"two"\n"three"\n"four"\n"five"\n')
    assert predict(texts, "--on-error", "write")[0] == 0
    assert [json.loads(line)["text"] for line in lines_of(tmp_path)] == ["one", "two", "three", "four", "five"]


@pytest.mark.parametrize("removed", [0, 1])
def test_a_run_that_was_killed_once_its_file_had_its_name_is_through(predict, texts, tmp_path, monkeypatch, removed):
    def stop(self):
        if removed:
            self._state.unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ResumableOutput, "_remove_rest", stop)
        assert predict(texts)[0] == 130
    answered = (tmp_path / "out.jsonl").read_bytes()
    assert "exists already" in predict(texts)[2]
    texts.write_text('"another"\n')
    with monkeypatch.context() as patch:
        patch.setattr(ResumableOutput, "finish", killed)
        assert predict(texts, "--overwrite")[0] == 130
    assert (tmp_path / "out.jsonl").read_bytes() == answered  # its other name was given up before that was written
    assert predict(texts, "--overwrite")[0] == 0
    assert len(lines_of(tmp_path)) == 1


def test_restart_begins_anew_and_what_exists_stays(predict, texts, tmp_path, stop_after, monkeypatch):
    with monkeypatch.context():
        stop_after(2)
        assert predict(texts)[0] == 130
    monkeypatch.undo()
    texts.write_text('"only one"\n')
    assert predict(texts, "--restart")[0] == 0
    assert len(lines_of(tmp_path)) == 1
    code, _, error = predict(texts)
    assert (code, "exists already. Choose another --output, or add --overwrite" in error) == (1, True)
    texts.write_text('"one"\n"two"\n')
    assert predict(texts, "--overwrite")[0] == 0
    assert len(lines_of(tmp_path)) == 2


WRONG = ["{", "3", '{"sentence": "private"}', json.dumps({"id": 7, "text": "private " * 80}), '{"text": "\\ud800"}']
REASONS = ["not valid JSON", "must be a JSON string or object", "must hold a string", "is longer than", "surrogate"]


@pytest.mark.parametrize(("line", "why"), list(zip(WRONG, REASONS)), ids=REASONS)
def test_a_wrong_line_stops_the_run_which_goes_on_when_it_is_mended(predict, texts, tmp_path, line, why):
    lines = texts.read_text().splitlines()
    texts.write_text("\n".join([*lines[:5], line, *lines[6:]]))
    code, _, error = predict(texts)
    assert code == 1
    assert "ine 6" in error
    assert why in error
    assert "add --on-error write" in error
    assert "private private" not in error
    texts.write_text("\n".join(lines))
    assert predict(texts)[0] == 0
    assert [json.loads(line)["id"] for line in lines_of(tmp_path)] == list(range(ROWS))


def test_wrong_lines_may_be_answered_by_what_is_wrong(predict, texts, tmp_path):
    lines = texts.read_text().splitlines()
    texts.write_text("\n".join([*lines[:5], *WRONG, *lines[10:]]))
    code, printed, _ = predict(texts, "--on-error", "write")
    assert (code, printed[0].endswith("5 of them errors")) == (0, True)
    rows = [json.loads(line) for line in lines_of(tmp_path)]
    assert [place for place, row in enumerate(rows) if "error" in row] == [5, 6, 7, 8, 9]
    for row, why in zip(rows[5:10], REASONS):
        assert why in row["error"]
        assert "private private" not in row["error"]
    assert [row.get("line") for row in rows[5:10]] == [6, 7, 8, None, None]
    assert rows[7]["sentence"] == "private"
    assert rows[8]["id"] == 7
    assert [row["id"] for row in rows if "label" in row] == [*range(5), *range(10, ROWS)]


def test_what_the_file_says_is_not_trusted_beyond_the_file(predict, texts, tmp_path):
    partial, state = tmp_path / "out.jsonl.partial", tmp_path / "out.jsonl.partial.json"
    partial.write_text("of somebody else\n")
    assert "Nothing says what" in predict(texts)[2]
    assert partial.read_text() == "of somebody else\n"
    for content in ("", "{", "[]", "{}", '{"asked": 3}', '{"input_sha256": "", "asked": {}, "output_bytes": "x"}'):
        state.write_text(content)
        assert "--restart" in predict(texts)[2]
    with open(partial, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "Another process is writing" in predict(texts, "--restart")[2]
    assert predict(texts, "--restart")[0] == 0


def test_no_column_is_lost(predict, texts, tmp_path):
    texts.write_text('{"id": null, "text": "a", "text_pair": null, "label": "x", "input_label": "gold"}\n')
    assert predict(texts)[0] == 0
    row = json.loads(lines_of(tmp_path)[0])
    assert [row[name] for name in ("id", "text_pair", "input_input_label", "input_label")] == [None, None, "x", "gold"]
    assert row["label"] not in ("x", "gold")


def test_a_folder_is_no_output(run, model, texts, tmp_path):
    assert "is a folder" in run("predict", model, "--input", texts, "--output", tmp_path)[2]


def test_progress_is_a_line_now_and_then_where_no_terminal_is(predict, texts, monkeypatch):
    monkeypatch.setattr(row_progress, "SECONDS", 0.0)
    _, _, error = predict(texts)
    shown = [line for line in error.splitlines() if "rows/s" in line]
    assert len(shown) == ROWS // 4
    assert shown[0].startswith("4 rows, ")
    assert shown[-1].startswith(f"{ROWS} rows, ")
    assert shown[-1].endswith(", 100% of the input")
