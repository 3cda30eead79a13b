"""Manifests: what is missing or changed is named; what was added is passed over."""

import subprocess
import sys

import pytest

from tfbert.export.serving.manifest import MANIFEST_FILE, check_manifest, is_whole, write_manifest
from tfbert.json_file import read_json, write_json


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "1" / "variables").mkdir(parents=True)
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "1" / "variables" / "é.index").write_bytes(b"")
    write_manifest(tmp_path / "1")
    return tmp_path / "1"


def test_every_file_is_listed_but_the_manifest(folder):
    assert sorted(read_json(folder / MANIFEST_FILE)["files"]) == ["saved_model.pb", "variables/é.index"]
    check_manifest(folder)
    write_manifest(folder)
    check_manifest(folder)


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/é.index"])
def test_what_is_missing_or_changed_is_named(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content + b"x")
    with pytest.raises(ValueError, match=rf"'{name}' .* is not the file that was exported"):
        check_manifest(folder)
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"lacks '{name}'"):
        check_manifest(folder)
    (folder / name).mkdir()
    with pytest.raises(ValueError, match=f"lacks '{name}'"):
        check_manifest(folder)


def test_what_operators_add_and_folders_without_a_manifest_are_passed_over(folder, tmp_path):
    (folder / "batching_params.pbtxt").write_text("")
    check_manifest(folder)
    check_manifest(tmp_path)


def test_what_is_copied_is_not_whole_before_the_last_file(folder, tmp_path):
    assert is_whole(folder)
    (folder / "saved_model.pb").unlink()
    assert not is_whole(folder)
    assert not is_whole(tmp_path)


@pytest.mark.parametrize("name", ["/etc/hostname", "../1/saved_model.pb", "variables/../../x"])
def test_nothing_outside_is_read(folder, name):
    write_json(folder / MANIFEST_FILE, {"files": {name: "0"}})
    with pytest.raises(ValueError, match="lies outside"):
        check_manifest(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"files": 1}', '{"files": {"saved_model.pb": 1}}', "\udc80"])
def test_a_damaged_manifest_is_refused(folder, text):
    (folder / MANIFEST_FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match="manifest"):
        check_manifest(folder)


def test_no_tensorflow_is_imported():
    code = "import sys, tfbert.export.serving.manifest; assert 'tensorflow' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
