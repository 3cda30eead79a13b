"""The server as a process of its own: what it says when it is ready, and a signal that comes before."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfbert.export.serving.warmup import write_warmup
from tfbert.wire.messages import message
from tfbert.wire.tensor_proto import to_tensor_proto

pytestmark = pytest.mark.slow


def start(folder, *arguments):
    command = [sys.executable, "-m", "tfbert.cli.main", "serve", str(folder), *arguments, "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def catches_sigterm(pid):
    """Whether a process has a handler for SIGTERM."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return bool(caught & 1 << signal.SIGTERM - 1)


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_the_line_of_a_ready_server(bundle, protocol):
    off = {"rest": "grpc", "grpc": "rest"}[protocol]
    with start(bundle, f"--{protocol}-port", "0", f"--{off}-port", "none") as process:
        line = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    address = line.pop(protocol)
    assert line == {off: None, "models": ["tiny"]}
    assert address.startswith("http://127.0.0.1:" if protocol == "rest" else "127.0.0.1:")


@pytest.fixture
def endless(tmp_path):
    """The folder of a model whose warm-up does not end."""

    class Endless(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def wait(self, x):
            return {"y": tf.while_loop(lambda y: tf.reduce_all(y < 9), lambda y: (tf.sin(y),), (x,))[0]}

    module, request = Endless(), message("PredictRequest")()
    tf.saved_model.save(module, str(tmp_path), {"serving_default": module.wait.get_concrete_function()})
    to_tensor_proto(np.zeros(1, np.float32), request.inputs["x"])
    record = message("PredictionLog")()
    record.predict_log.request.CopyFrom(request)
    write_warmup(tmp_path, [record])
    return tmp_path


def test_sigterm_ends_a_server_that_still_loads(endless):
    with start(endless, "--rest-port", "0", "--grpc-port", "none", "--poll-seconds", "0.1") as process:
        while not catches_sigterm(process.pid):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        time.sleep(3)
        assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGTERM)
        started = time.perf_counter()
        try:
            assert process.wait(10) == 0, process.stderr.read()
        finally:
            process.kill()
        assert time.perf_counter() - started < 3
