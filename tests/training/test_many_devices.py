"""Several devices and several processes end with the metrics and weights of one device; what is lost, and refused."""

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import copy_tiny
from tests.training import many_devices
from tfbert.tasks import TextClassifier
from tfbert.training import BertAdamW
from tfbert.training.distributed import agreement, join_workers
from tfbert.training.distributed.meeting import meet
from tfbert.training.losses.label_losses import NextTokenLoss, SpanLoss, counted_labels

ROOT = Path(__file__).parents[2]
SECONDS = 300  # for processes that share a busy machine


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """Return a function of a kind of training that gives its checkpoint, and metrics and weights of one device."""
    known = {}

    def run(kind):
        if kind not in known:
            place = tmp_path_factory.mktemp(kind)
            many_devices.make_checkpoint(kind, copy_tiny("model_gelu_l2", place), place / "start")
            known[kind] = place / "start", many_devices.train(kind, place / "start", tf.distribute.get_strategy())
        return known[kind]

    return run


def start(**settings):
    """Start a process that trains."""
    command = [sys.executable, "-m", "tests.training.many_devices", json.dumps(settings, default=str)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(processes):
    """Return the exit codes and the outputs of processes, none of which is left behind."""
    try:
        outputs = [process.communicate(timeout=SECONDS)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [process.returncode for process in processes], outputs


def addresses(count=2):
    """Free ports of this machine."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return [f"127.0.0.1:{port}" for port in ports]


def start_workers(tmp_path, *each, **settings):
    """Start two workers; `each` are the settings of one of them."""
    places = addresses()
    return [
        start(addresses=places, index=i, out=tmp_path / f"worker{i}.npz", **{**settings, **own})
        for i, own in enumerate(each or ({}, {}))
    ]


def check_same(file, expected):
    metrics, weights = expected
    with np.load(file) as stored:
        found, *of_file = [stored[name] for name in stored.files]
    found = json.loads(str(found))
    assert found.keys() == metrics.keys()
    for name, values in metrics.items():
        assert found[name] == pytest.approx(values, rel=1e-5, abs=1e-5), name
    for mine, other in zip(of_file, weights, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)


EVERY_KIND = [
    kind if kind == "words" else pytest.param(kind, marks=pytest.mark.exhaustive) for kind in many_devices.KINDS
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_two_devices_train_as_one(single, tmp_path, kind):
    folder, expected = single(kind)
    codes, outputs = finish([start(kind=kind, folder=folder, out=tmp_path / "mirrored.npz")])
    assert codes == [0], outputs[0]
    check_same(tmp_path / "mirrored.npz", expected)


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_two_processes_train_as_one(single, tmp_path, kind):
    folder, expected = single(kind)
    codes, outputs = finish(start_workers(tmp_path, kind=kind, folder=folder))
    assert codes == [0, 0], outputs
    for index in range(2):
        check_same(tmp_path / f"worker{index}.npz", expected)


@pytest.mark.exhaustive
@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_worker_ends_all_and_a_restart_goes_on(single, tmp_path, killed):
    folder, expected = single("words")
    settings = {"kind": "words", "folder": folder, "backup": tmp_path / "backup"}
    each = [{"kill_at": 6} if index == killed else {} for index in range(2)]
    codes, outputs = finish(start_workers(tmp_path, *each, **settings))
    assert codes[killed] == -signal.SIGKILL
    assert codes[1 - killed] == 1
    assert "Another worker stopped or does not answer. Start all workers again" in outputs[1 - killed]
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["training_state.npz"]
    codes, outputs = finish(start_workers(tmp_path, **settings))
    assert codes == [0, 0], outputs
    metrics = {name: values[1:] for name, values in expected[0].items()}  # of the epoch that was gone on with
    with np.load(tmp_path / "worker1.npz") as stored:
        weights = [stored[name] for name in stored.files][1:]
        assert json.loads(str(stored["arr_0"])).keys() == metrics.keys()
    for mine, other in zip(weights, expected[1], strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    assert not list((tmp_path / "backup").iterdir())


@pytest.mark.exhaustive
def test_workers_that_disagree_are_refused(single, tmp_path):
    codes, outputs = finish(start_workers(tmp_path, {}, {"rows": 9}, kind="words", folder=single("words")[0]))
    assert codes == [1, 1]
    assert all("Worker 1 does not agree with worker 0 on the number of batches" in output for output in outputs), (
        outputs
    )


@pytest.mark.parametrize(("number", "what"), [(0, "the model"), (3, "the number of batches"), (5, "the first batch")])
def test_what_workers_disagree_on_is_named(tiny_folder, monkeypatch, number, what):
    model = TextClassifier.from_pretrained(tiny_folder("classifier_single_label"))
    model.compile(BertAdamW())

    def of_three(strategy, numbers):
        rows = np.array([numbers] * 3)
        rows[2, number] += len(numbers) > 1
        return rows

    monkeypatch.setattr(agreement, "from_workers", of_three)
    dataset = tf.data.Dataset.from_tensor_slices(tf.range(6)).batch(2)
    with pytest.raises(ValueError, match=f"Worker 2 does not agree with worker 0 on {what}"):
        agreement.check_agreement(model, dataset, epochs=1)


def test_arrays_are_in_no_order_that_workers_share(tiny_folder):
    model = TextClassifier.from_pretrained(tiny_folder("classifier_single_label"))
    with pytest.raises(ValueError, match=r"give a task text and labels, or a model a `tf\.data\.Dataset`"):
        agreement.check_agreement(model, np.zeros([4, 3]), epochs=1)


# === The meeting ===


def test_workers_meet(monkeypatch):
    places, here = addresses(3), []
    host, port = places[0].split(":")
    guests = [threading.Thread(target=lambda i=i: here.append(meet(places, i, 20) or i)) for i in (1, 2)]
    chief = threading.Thread(target=lambda: here.append(meet(places, 0, 20) or 0))
    guests[0].start()
    chief.start()
    stranger(host, int(port))
    guests[1].start()
    for thread in (*guests, chief):
        thread.join(20)
    assert sorted(here) == [0, 1, 2]
    socket.create_server((host, int(port))).close()  # the port is free for TensorFlow


def stranger(host, port):
    """Say what no worker says, as soon as someone listens."""
    for _ in range(100):
        try:
            with socket.create_connection((host, port), timeout=5) as line:
                line.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert line.recv(10) == b""
            return
        except ConnectionRefusedError:
            threading.Event().wait(0.05)
    raise AssertionError("nobody listens")


def test_who_does_not_come_is_named():
    places = addresses(3)
    with pytest.raises(ConnectionError, match=f"did not come in time: {places[1]}, {places[2]}"):
        meet(places, 0, 0.2)
    with pytest.raises(ConnectionError, match=f"The first worker, {places[0]}, did not answer in time"):
        meet(places, 1, 0.3)


def test_other_addresses_are_refused():
    places = addresses(2)
    refused = []

    def come():
        with pytest.raises(ConnectionError) as error:
            meet([places[0], "elsewhere:1"], 1, 20)
        refused.append(str(error.value))

    guest = threading.Thread(target=come)
    guest.start()
    with pytest.raises(ConnectionError, match="Worker 1 was started with other addresses"):
        meet(places, 0, 20)
    guest.join(20)
    assert "Worker 1 was started with other addresses than worker 0" in refused[0]


# === What is refused ===


@pytest.mark.parametrize(
    ("given", "index", "message"),
    [
        ("a:1,b:2", 0, "`addresses` must be a list"),
        (["a", "b:2"], 0, "`addresses` must be a list"),
        (["a:1"], 0, "at least two workers"),
        (["a:1", "a:1"], 0, "each once"),
        (["a:1", "b:2"], 2, "`index` must be a place in `addresses`, 0 to 1"),
        (["a:1", "b:2"], True, "`index` must be a place"),
        (None, 1, "`index` is a place in `addresses`"),
        (None, None, "or set TF_CONFIG"),
    ],
)
def test_wrong_addresses_are_refused(monkeypatch, given, index, message):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match=message):
        join_workers(given, index)


@pytest.mark.parametrize(
    "text",
    [
        "host1:2222",
        '{"cluster": {"worker": ["a:1", "b:2"]}}',
        '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:2"]}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_a_wrong_environment_is_refused(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match="TF_CONFIG must "):
        join_workers()


def test_workers_come_before_tensorflow(monkeypatch):
    module = importlib.import_module("tfbert.training.distributed.join_workers")  # a function hides its name
    monkeypatch.setattr(module, "meet", lambda *_: None)
    monkeypatch.setenv("TF_CONFIG", os.environ.get("TF_CONFIG", ""))
    tf.constant(0)
    with pytest.raises(RuntimeError, match="join_workers\\(\\) first of all"):
        join_workers(addresses(), 0)


def test_an_optimizer_of_one_device_is_refused(tiny_folder):
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = TextClassifier.from_pretrained(tiny_folder("classifier_single_label"))
    model.compile(BertAdamW())
    with pytest.raises(ValueError, match="The optimizer was made outside the strategy's scope"):
        model.fit(["a", "b"], [0, 1], verbose=0)


# === What a loss is the mean of ===


def test_labels_that_count():
    assert counted_labels(np.array([[0, -100, 2], [-100, -100, 1]])) == 3
    assert counted_labels(np.zeros([2, 3], np.float32)) == 6
    assert NextTokenLoss().counted(np.array([[5, -100, 2], [7, 8, 1]]), None) == 3
    assert SpanLoss().counted(np.array([-1, 3, 4, 9]), np.zeros([4, 4])) == 2
