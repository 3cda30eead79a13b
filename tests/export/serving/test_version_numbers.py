"""Version numbers: each writer gets one of its own, whoever else writes, and none is ever half written."""

import os
import signal
import subprocess
import sys

import pytest

from tfbert.export.serving.version_numbers import version_folders, version_numbers, write_version

WRITER = """
import sys
from pathlib import Path
from tfbert.export.serving.version_numbers import write_version
for turn in range(20):
    version = write_version(sys.argv[1], lambda folder: (folder / "saved_model.pb").write_text(sys.argv[2]))
    print(version.name, flush=True)
"""
KILLED_WRITER = """
import sys, time
from tfbert.export.serving.version_numbers import write_version
def write(folder):
    (folder / "saved_model.pb").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
write_version(sys.argv[1], write)
"""


def write(folder):
    (folder / "saved_model.pb").write_text("graph")


def test_the_number_after_the_last_is_taken(tmp_path):
    assert write_version(tmp_path / "m", write).name == "1"
    (tmp_path / "m" / "7").mkdir()
    (tmp_path / "m" / "7" / "x").write_text("")
    for other in ("007", "0x1", str(2**63), "9" * 30):
        (tmp_path / "m" / other).mkdir()
    (tmp_path / "m" / "30").write_text("")
    for other in ("notes", ".9.partial-1", "8.report.json", "٣"):
        (tmp_path / "m" / other).write_text("")
    assert write_version(tmp_path / "m", write).name == "8"
    assert version_numbers(tmp_path / "m") == [1, 7, 8]
    assert version_folders(tmp_path / "m")[7] == tmp_path / "m" / "7"
    assert version_numbers(tmp_path / "none") == version_numbers(tmp_path / "m" / "30") == []


def test_after_the_last_number_of_all_there_is_none(tmp_path):
    (tmp_path / str(2**63 - 1)).mkdir()
    with pytest.raises(ValueError, match="No version number is left"):
        write_version(tmp_path, write)
    assert [path.name for path in tmp_path.iterdir()] == [str(2**63 - 1)]


def test_a_version_is_on_the_disk_before_it_has_its_number(tmp_path, synced):
    version = write_version(tmp_path, write)
    assert {(path.stat().st_ino, False) for path in (version, *version.iterdir())} < set(synced)
    assert (tmp_path.stat().st_ino, True) in synced


def test_a_file_of_the_next_number_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr("tfbert.export.serving.version_numbers.version_numbers", lambda base: [])
    (tmp_path / "1").write_text("precious")
    assert write_version(tmp_path, write).name == "2"
    assert write_version(tmp_path, write).name == "3"
    assert (tmp_path / "1").read_text() == "precious"


def test_what_fails_leaves_nothing(tmp_path):
    def fail(folder):
        (folder / "half").write_text("")
        raise KeyError("x")

    with pytest.raises(KeyError):
        write_version(tmp_path / "m", fail)
    assert list((tmp_path / "m").iterdir()) == []


def test_processes_at_once_get_numbers_of_their_own(tmp_path):
    names = "abcd"
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], stdout=subprocess.PIPE, text=True)
        for name in names
    ]
    taken = {name: process.communicate()[0].split() for name, process in zip(names, processes)}
    assert [process.returncode for process in processes] == [0] * len(names)
    assert sorted(int(number) for numbers in taken.values() for number in numbers) == list(range(1, 81))
    for name, numbers in taken.items():
        assert {(tmp_path / number / "saved_model.pb").read_text() for number in numbers} == {name}
    assert version_numbers(tmp_path) == list(range(1, 81))
    assert len(list(tmp_path.iterdir())) == 80


def test_a_killed_writer_leaves_no_version_and_the_next_one_cleans_up(tmp_path):
    writer = subprocess.Popen([sys.executable, "-c", KILLED_WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline().strip() == "writing"
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert version_numbers(tmp_path) == []
    write_version(tmp_path, write)
    assert [entry.name for entry in tmp_path.iterdir()] == ["1"]
