"""Files and folders that are replaced whole, whenever the writer is killed."""

import os
import subprocess
import sys
from pathlib import Path

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
    return sorted(path.name.rpartition("-")[0] or path.name for path in target.parent.iterdir())


def old_folder(target):
    target.mkdir()
    (target / "answer").write_text("old")
    return target


def test_a_folder_is_put_back_by_the_next_writer(tmp_path):
    target = old_folder(tmp_path / "1")
    assert killed("folder", target) == [".1.partial"]
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
    assert killed("file", target) == [".model.onnx.partial", "model.onnx"]
    assert target.read_text() == "new"
    with staged_path(target, overwrite=True) as staging:
        staging.write_text("newer")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


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


AT_WORK = """
import os, sys, time
from tfbert.export.staging import staged_folder
os.getpid = lambda: 2**30  # as if in another container, whose process numbers mean nothing here
with staged_folder(sys.argv[1]) as folder:
    print("writing", flush=True)
    sys.stdin.readline()
    (folder / "answer").write_text("theirs")
"""


def test_a_writer_at_work_is_left_alone_and_settled_once_it_is_gone(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", AT_WORK, str(tmp_path / "1")], **pipes) as writer:
        assert writer.stdout.readline().strip() == "writing"
        with pytest.raises(ValueError, match="no more"), staged_folder(tmp_path / "1"):
            raise ValueError("no more")
        assert [path.name.rpartition("-")[0] for path in tmp_path.iterdir()] == [".1.partial"]
        writer.communicate("\n")
    assert (tmp_path / "1" / "answer").read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_a_file_that_appears_at_the_last_moment_is_not_replaced(tmp_path, monkeypatch):
    def write_while_another_does(make_links):
        with staged_path(tmp_path / "a") as staging:
            staging.write_text("new")
            link = os.link

            def late(source, target):
                Path(target).write_text("other")
                if not make_links:
                    raise OSError("no links here")
                link(source, target)

            monkeypatch.setattr(os, "link", late)

    for make_links in (True, False):
        with pytest.raises(FileExistsError, match="appeared"):
            write_while_another_does(make_links)
        monkeypatch.undo()
        assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "other")]
        (tmp_path / "a").unlink()


def test_a_file_system_without_links_will_do(tmp_path, monkeypatch):
    def refuse(source, target):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    with staged_path(tmp_path / "a") as staging:
        staging.write_text("new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "new")]


def test_content_is_on_the_disk_before_its_name(tmp_path, synced):
    with staged_folder(tmp_path / "1") as folder:
        (folder / "variables").mkdir()
        (folder / "variables" / "index").write_text("x")
        inodes = [path.stat().st_ino for path in (folder, *folder.rglob("*"))]
    assert {inode for inode, is_named in synced if not is_named} == set(inodes)
    assert (tmp_path.stat().st_ino, True) in synced


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
