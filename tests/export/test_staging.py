"""Files and folders that are replaced whole, whenever the writer is killed."""

import subprocess
import sys

import pytest

from tfbert.export.staging import check_target, staged_folder, staged_path

KILLED_BETWEEN_TWO_RENAMES = """
import os, sys
from tfbert.export.staging import staged_folder, staged_path
rename = os.rename
def rename_and_die(source, target):
    rename(source, target)
    os._exit(9)
os.rename = os.replace = rename_and_die
kind, target = sys.argv[1:]
with (staged_folder if kind == "folder" else staged_path)(target, overwrite=True) as staging:
    (staging / "answer" if kind == "folder" else staging).write_text("new")
"""


def killed(kind, target):
    """Overwrite `target` in a process that dies after its first rename; return the names that lie there then."""
    done = subprocess.run([sys.executable, "-c", KILLED_BETWEEN_TWO_RENAMES, kind, str(target)])
    assert done.returncode == 9
    return sorted(path.name.rpartition("-")[0].rpartition("-")[0] or path.name for path in target.parent.iterdir())


def old_folder(target):
    target.mkdir()
    (target / "answer").write_text("old")
    return target


def test_a_folder_is_put_back_by_the_next_writer(tmp_path):
    target = old_folder(tmp_path / "1")
    assert killed("folder", target) == [".1.partial", ".1.replaced"]
    with pytest.raises(FileExistsError, match="overwrite=True"), staged_folder(target):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["1"]
    assert (target / "answer").read_text() == "old"


def test_a_folder_that_was_replaced_is_removed_where_another_took_its_place(tmp_path):
    target = old_folder(tmp_path / "1")
    killed("folder", target)
    target.mkdir()
    (target / "answer").write_text("newer")
    with pytest.raises(ValueError, match="no more"), staged_folder(target, overwrite=True):
        raise ValueError("no more")
    assert [path.name for path in tmp_path.iterdir()] == ["1"]
    assert (target / "answer").read_text() == "newer"


def test_a_file_is_replaced_in_one_step(tmp_path):
    target = tmp_path / "model.onnx"
    target.write_text("old")
    assert killed("file", target) == ["model.onnx"]
    assert target.read_text() == "new"


def test_what_appeared_in_between_is_not_replaced(tmp_path):
    target = tmp_path / "model.onnx"

    def write_while_another_does():
        with staged_path(target) as staging:
            staging.write_text("new")
            target.write_text("other")

    with pytest.raises(FileExistsError, match="appeared"):
        write_while_another_does()
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert target.read_text() == "other"


def test_targets_are_checked_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_target("~/model.onnx", ".onnx") == tmp_path / "model.onnx"
    (tmp_path / "model.onnx").touch()
    (tmp_path / "folder.onnx").mkdir()
    assert check_target("~/model.onnx", ".onnx", overwrite=True) == tmp_path / "model.onnx"
    for name, error, message in (
        ("model.onnx", FileExistsError, "overwrite=True"),
        ("folder.onnx", FileExistsError, "is a folder"),
        ("model", ValueError, r"must end in \.onnx"),
    ):
        with pytest.raises(error, match=message):
            check_target(tmp_path / name, ".onnx", overwrite=name != "model.onnx")
