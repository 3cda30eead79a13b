"""Versions that come, go, are half-written or wrong, while requests are answered."""

import contextlib
import json
import os
import shutil
import threading
import time

import pytest

from tests.conftest import copy_tiny
from tfbert.export.serving.models_config import CONFIG_FILE
from tfbert.export.serving.warmup import WARMUP_FILE
from tfbert.serving.models.model_settings import find_models
from tfbert.serving.models.version_folder import fingerprint, seems_whole
from tfbert.serving.request_log import RequestLog
from tfbert.tasks import TextClassifier

POLL = 0.1
SLOW = pytest.mark.slow


@pytest.fixture(scope="session")
def other_version(tmp_path_factory):
    """A version folder of a model with other labels."""
    folder = tmp_path_factory.mktemp("other")
    checkpoint = copy_tiny("classifier_single_label", folder)
    config = json.loads((checkpoint / "config.json").read_text())
    config |= {"id2label": dict(enumerate("xyz")), "label2id": dict(zip("xyz", range(3)))}
    (checkpoint / "config.json").write_text(json.dumps(config))
    task = TextClassifier.from_pretrained(checkpoint, max_length=24)
    return task.export(folder / "models", format="serving", name="tiny")


@contextlib.contextmanager
def asked_all_the_time(rest):
    """Ask from two threads while the block runs; yields the list of (status, label) that came."""
    found, is_over = [], threading.Event()

    def ask():
        while not is_over.is_set():
            status, answer = rest.predict("a cat")
            found.append((status, answer["predictions"][0]["label"] if status == 200 else answer))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(0.05)


def states(rest, name="tiny"):
    status, answer = rest.get(f"/v1/models/{name}")
    entries = answer["model_version_status"] if status == 200 else []
    return {int(entry["version"]): entry["state"] for entry in entries}


@pytest.fixture
def running(copied, make_server, rest_of):
    """A server of a copy of the bundle without `models.config`, and a client."""
    (copied / CONFIG_FILE).unlink()
    with make_server(copied, RequestLog(False, quiet=True), poll_seconds=POLL).in_thread() as server:
        yield copied / "tiny", rest_of(server.rest_url)


@SLOW
@pytest.mark.slow
def test_a_new_version_takes_over_without_a_failed_request(running, other_version):
    base, rest = running
    with asked_all_the_time(rest) as found:
        shutil.copytree(other_version, base / ".2")
        os.rename(base / ".2", base / "2")
        wait_for(lambda: states(rest) == {1: "END", 2: "AVAILABLE"})
        time.sleep(0.1)
        shutil.rmtree(base / "2")  # back to the one before
        wait_for(lambda: states(rest).get(1) == "AVAILABLE" and 2 not in states(rest))
        time.sleep(0.1)
    assert {status for status, _ in found} == {200}
    labels = [label for _, label in found]
    assert labels[0] == labels[-1] == "LABEL_2"
    assert set(labels) == {"LABEL_2", "z"}


@SLOW
@pytest.mark.parametrize("damage", ["flipped", "cut", "no variables", "no graph", "bad warm-up", "empty"])
def test_a_corrupt_version_is_never_served(running, other_version, damage):
    base, rest = running
    new = base.parent / "new"
    shutil.copytree(other_version, new)
    data = new / "variables" / "variables.data-00000-of-00001"
    (new / "assets.extra" / "manifest.json").unlink()  # which would find all of it
    if damage == "cut":
        data.write_bytes(data.read_bytes()[:-5000])
    elif damage == "flipped":
        content = bytearray(data.read_bytes())
        content[len(content) // 2] ^= 0xFF
        data.write_bytes(content)
    elif damage == "no variables":
        shutil.rmtree(new / "variables")
    elif damage == "no graph":
        (new / "saved_model.pb").write_bytes(b"\xff" * 100)
    elif damage == "bad warm-up":
        (new / WARMUP_FILE).write_bytes(b"none" * 100)
    else:
        shutil.rmtree(new)
        new.mkdir()
    with asked_all_the_time(rest) as found:
        os.rename(new, base / "2")
        if damage == "empty":
            time.sleep(5 * POLL)
            assert states(rest) == {1: "AVAILABLE"}
        else:
            wait_for(lambda: states(rest) == {1: "AVAILABLE", 2: "END"})
            status = rest.get("/v1/models/tiny/versions/2")[1]["model_version_status"][0]["status"]
            assert status["error_code"] != "OK"
            assert status["error_message"]
        assert rest.get("/readyz")[0] == 200
    assert {status for status, _ in found} == {200}
    shutil.rmtree(base / "2")
    shutil.copytree(other_version, base / "2")  # repaired
    wait_for(lambda: states(rest).get(2) == "AVAILABLE")


@SLOW
def test_a_version_that_is_copied_slowly_is_served_once_it_is_whole(running, other_version):
    base, rest = running
    files = sorted(path for path in other_version.rglob("*") if path.is_file() and path.name != "manifest.json")
    with asked_all_the_time(rest) as found:
        for path in files:
            target = base / "2" / path.relative_to(other_version)
            target.parent.mkdir(parents=True, exist_ok=True)
            content = path.read_bytes()
            with target.open("wb") as file:
                for start in range(0, len(content), len(content) // 3 + 1):
                    assert states(rest).get(2) in (None, "END", "LOADING")
                    file.write(content[start : start + len(content) // 3 + 1])
                    file.flush()
                    time.sleep(0.03)
        wait_for(lambda: states(rest).get(2) == "AVAILABLE")
    assert {status for status, _ in found} == {200}


@SLOW
def test_roll_back_is_a_change_of_models_config(copied, other_version, make_server, rest_of):
    shutil.copytree(other_version, copied / "tiny" / "2")
    config = (copied / CONFIG_FILE).read_text()
    (copied / CONFIG_FILE).write_text(config.replace("versions: 1", "versions: 2").replace("value: 1", "value: 2"))
    assert (copied / CONFIG_FILE).read_text() != config
    with make_server(copied, RequestLog(False, quiet=True), poll_seconds=POLL).in_thread() as server:
        rest = rest_of(server.rest_url)
        assert states(rest) == {2: "AVAILABLE"}
        with asked_all_the_time(rest) as found:
            (copied / CONFIG_FILE).write_text("model_config_list {")  # an editor's half-written file
            time.sleep(3 * POLL)
            assert states(rest) == {2: "AVAILABLE"}
            (copied / CONFIG_FILE).write_text(config)
            wait_for(lambda: states(rest) == {1: "AVAILABLE", 2: "END"})
            assert rest.post("/v1/models/tiny/labels/stable:predict", {"instances": ["a"]})[0] == 200
            assert rest.post("/v1/models/tiny/versions/2:predict", {"instances": ["a"]})[0] == 404
        assert {status for status, _ in found} == {200}


@SLOW
def test_policies_and_labels_of_models_config(copied, other_version, make_server, rest_of):
    for number in (2, 3):
        shutil.copytree(other_version, copied / "tiny" / str(number))
    shutil.copytree(copied / "tiny", copied / "second")
    (copied / CONFIG_FILE).write_text(
        """model_config_list {
          config { name: "all" base_path: "/models/tiny" model_version_policy { all {} }
                   version_labels { key: "old" value: 1 } version_labels { key: "gone" value: 9 } }
          config { name: "two" base_path: "/models/second" model_version_policy { latest { num_versions: 2 } } }
          config { name: "nothing" base_path: "/models/nothing" }
        }"""
    )
    with make_server(copied, RequestLog(False, quiet=True), poll_seconds=POLL).in_thread() as server:
        rest = rest_of(server.rest_url)
        assert sorted(states(rest, "all")) == [1, 2, 3]
        assert sorted(states(rest, "two")) == [2, 3]
        assert rest.post("/v1/models/all/labels/old:predict", {"instances": ["a"]})[0] == 200
        assert rest.post("/v1/models/all/labels/gone:predict", {"instances": ["a"]})[0] == 400
        assert rest.get("/v1/models/nothing")[0] == 404
        assert rest.get("/readyz")[0] == 503  # one of its models has no version
        assert rest.get("/healthz")[0] == 200


@SLOW
def test_a_single_saved_model_is_served_under_its_folders_name(bundle, tmp_path, make_server, rest_of):
    for folder, name, number in ((tmp_path / "mood" / "7", "mood", 7), (tmp_path / "plain", "plain", 1)):
        shutil.copytree(bundle / "tiny" / "1", folder)
        with make_server(folder, RequestLog(False, quiet=True)).in_thread() as server:
            rest = rest_of(server.rest_url)
            assert states(rest, name) == {number: "AVAILABLE"}


def test_names_and_folders(bundle, tmp_path):
    (settings,) = find_models(bundle / "tiny").values()
    assert (settings.name, settings.find()) == ("tiny", {1: bundle / "tiny" / "1"})
    assert list(find_models(bundle / "tiny", "other")) == list(find_models(bundle, "other")) == ["other"]
    assert settings.wanted([1, 3, 2]) == [3]
    with pytest.raises(FileNotFoundError, match="Nothing to serve at"):
        find_models(tmp_path)
    with pytest.raises(FileNotFoundError, match="Nothing to serve at"):
        find_models(tmp_path / "none")
    for name in ("a", "b"):
        (tmp_path / name / "1").mkdir(parents=True)
    assert list(find_models(tmp_path)) == ["a", "b"]
    with pytest.raises(ValueError, match="`name` is for one model"):
        find_models(tmp_path, "c")


def test_a_folder_is_whole_when_nothing_is_written_any_more(bundle, tmp_path):
    found = fingerprint(bundle / "tiny" / "1")
    assert seems_whole(found, 1e9)  # it has a manifest
    (tmp_path / "saved_model.pb").write_bytes(b"1")
    os.utime(tmp_path / "saved_model.pb", (1, 1))  # as copying may keep it
    before = fingerprint(tmp_path)
    assert not seems_whole(before, 5)
    assert seems_whole(before, 1e-9)
    (tmp_path / "more").write_bytes(b"")
    assert fingerprint(tmp_path) != before
    assert not seems_whole(fingerprint(tmp_path / "none"), 0.1)


def test_nothing_that_can_be_served_is_an_error(copied, make_server):
    (copied / "tiny" / "1" / "saved_model.pb").write_bytes(b"none")
    with pytest.raises(ValueError, match="can be served"), make_server(copied).in_thread():
        raise AssertionError("It must not start.")
