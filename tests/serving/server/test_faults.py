"""The server as a process of its own, under load: clients that vanish or drip, overload, SIGTERM, SIGKILL."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.serving.server.test_rpc import predict_request

pytestmark = pytest.mark.slow
PATH = "/v1/models/tiny:predict"
TEXTS = ["a cat", "I love the unaffable cat!", "Café déjà vu 北京", "", "zzz " * 40]


class Process:
    """`tfbert serve` on a folder."""

    def __init__(self, folder, *arguments):
        command = [sys.executable, "-m", "tfbert.cli.main", "serve", str(folder), *map(str, arguments)]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.started = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        line = self.started.stdout.readline()
        assert line, f"It did not start: {self.started.wait()}"
        self.address = json.loads(line)["rest"].removeprefix("http://")
        self.grpc = json.loads(line)["grpc"]

    def end(self, number=signal.SIGTERM, seconds=30):
        self.started.send_signal(number)
        code = self.started.wait(seconds)
        self.started.stdout.close()
        return code


@pytest.fixture
def serve():
    """Return a function that starts a `Process`; what still runs is ended with the test."""
    with contextlib.ExitStack() as running:

        def make(folder, *arguments, ports=("--rest-port", 0, "--grpc-port", 0)):
            process = Process(folder, *ports, *arguments)
            running.callback(lambda: process.started.poll() is None and process.end(signal.SIGKILL))
            return process

        yield make


class Load:
    """Threads that ask one text after the other, and what came of it: (outcome, seconds) of each request.

    An outcome is a status, "wrong" for an answer that is not the model's, "refused" where no connection was made, and
    "lost" where a connection that was made gave no answer.
    """

    def __init__(self, address, task, clients):
        self.address, self.outcomes, self.is_over = address, [], threading.Event()
        self.expected = dict(zip(TEXTS, task.predict(TEXTS)["label"]))
        self.threads = [threading.Thread(target=self._ask, args=[number]) for number in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def _ask(self, number):
        connection = HTTPConnection(self.address, timeout=60)
        while not self.is_over.is_set():
            number += 1
            text, started = TEXTS[number % len(TEXTS)], time.perf_counter()
            outcome = self._outcome(connection, text)
            self.outcomes.append((outcome, time.perf_counter() - started))
            if outcome in ("refused", "lost"):
                connection.close()
                time.sleep(0.02)
        connection.close()

    def _outcome(self, connection, text):
        try:
            if connection.sock is None:
                connection.connect()
        except OSError:
            return "refused"
        try:
            connection.request("POST", PATH, body=json.dumps({"instances": [text]}))
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, HTTPException):
            return "lost"
        if response.status != 200:
            return response.status
        return 200 if answer["predictions"][0]["label"] == self.expected[text] else "wrong"

    def counts(self):
        return Counter(outcome for outcome, _ in self.outcomes)


def test_clients_that_vanish_leave_nothing_behind(bundle, task, serve):
    process = serve(bundle, "--quiet")
    host, port = process.address.split(":")
    body = json.dumps({"instances": ["a cat"] * 50}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with Load(process.address, task, 2) as load:
        for number in range(300):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall((head + body)[: None if number % 2 else len(head) + number])
    assert set(load.counts()) == {200}
    connection = HTTPConnection(process.address, timeout=10)
    for _ in range(100):
        connection.request("GET", "/monitoring/prometheus/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        queued = sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("tfbert_queued_rows{"))
        if not queued:
            break
        time.sleep(0.05)
    connection.close()
    assert queued == 0
    assert any('status="CANCELLED"' in line for line in lines)
    assert process.end() == 0


def test_clients_that_drip_hold_up_no_one(bundle, task, serve):
    process = serve(bundle, "--quiet", "--body-timeout", 1)
    host, port = process.address.split(":")
    dripping = [socket.create_connection((host, int(port))) for _ in range(100)]
    head = f"POST {PATH} HTTP/1.1\r\nContent-Length: 50\r\n\r\n".encode()
    with Load(process.address, task, 2) as load:
        for step in range(30):
            for number, connection in enumerate(dripping):
                with contextlib.suppress(OSError):  # those that were sent away
                    connection.send(b"{" if number % 2 else head[step : step + 1])
            time.sleep(0.1)
    assert set(load.counts()) == {200}
    for connection in dripping:
        connection.settimeout(5)
        with contextlib.suppress(ConnectionError):
            assert connection.makefile("rb").read()[9:12] in (b"408", b"400", b"")
        connection.close()
    assert process.end() == 0


def test_overload_is_refused_at_once_and_the_rest_answered(bundle, task, serve):
    process = serve(bundle, "--quiet", "--max-queued-rows", 8, "--max-batch-size", 4, "--workers", 1)
    with Load(process.address, task, 48) as load:  # four times what runs and waits
        time.sleep(8)
    counts = load.counts()
    assert set(counts) == {200, 429}
    assert min(counts[200], counts[429]) > 100
    accepted = sorted(seconds for outcome, seconds in load.outcomes if outcome == 200)
    assert accepted[int(0.99 * len(accepted))] < 5
    assert process.end() == 0


def test_sigterm_answers_what_was_accepted(bundle, task, serve):
    process = serve(bundle, "--quiet")
    with Load(process.address, task, 16) as load:
        time.sleep(2)
        assert process.end() == 0
        time.sleep(0.2)
    counts = load.counts()
    assert counts[200] > 100
    assert set(counts) <= {200, 503, "refused", "lost"}
    # A request may cross the closing of an idle connection, which it never reached; most find it open, and are told.
    assert counts["lost"] <= 8
    assert counts["wrong"] == 0


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_sigterm_lets_a_long_request_end(bundle, task, serve, rpc_of, rest_of, protocol):
    process = serve(bundle, "--quiet", "--max-batch-size", 2, "--workers", 1)
    texts, answers = [f"a cat {number % 7}" for number in range(4000)], []
    expected = task.predict(texts[:7])["label"].tolist()

    def ask():
        if protocol == "rest":
            status, answer = rest_of(f"http://{process.address}").predict(*texts)
            assert status == 200
            answers.extend(row["label"] for row in answer["predictions"])
        else:
            response = rpc_of(process.grpc).call("Predict", predict_request(texts))
            answers.extend(label.decode() for label in response.outputs["label"].string_val)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.3)
    assert not answers
    assert process.end() == 0
    asking.join()
    assert answers == [expected[number % 7] for number in range(4000)]


def test_sigterm_does_not_wait_for_those_that_watch_the_health(bundle, serve):
    process = serve(bundle, "--quiet")
    with grpc.insecure_channel(process.grpc) as channel:
        watched = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watched).status in (0, 1, 2)
        started = time.perf_counter()
        assert process.end() == 0
        assert time.perf_counter() - started < 5


def test_sigterm_under_grpc_load_answers_what_was_accepted(bundle, task, serve, rpc_of):
    process = serve(bundle, "--quiet")
    codes, is_over = Counter(), threading.Event()

    def ask():
        rpc = rpc_of(process.grpc)
        while not is_over.is_set():
            try:
                rpc.call("Predict", predict_request(["a cat"]))
                codes["OK"] += 1
            except grpc.RpcError as error:
                codes[error.code().name] += 1
                time.sleep(0.02)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    assert process.end() == 0
    is_over.set()
    for thread in threads:
        thread.join()
    assert codes["OK"] > 100
    # What comes while gRPC itself closes reaches no handler; it ends as CANCELLED, which our client sends again.
    assert set(codes) <= {"OK", "UNAVAILABLE", "CANCELLED"}
    assert codes["CANCELLED"] <= 8


def test_a_second_signal_ends_at_once(bundle, serve):
    process = serve(bundle, "--quiet", "--max-batch-size", 1, "--workers", 1)
    body = json.dumps({"instances": ["a cat"] * 4000}).encode()
    connection = HTTPConnection(process.address, timeout=60)
    connection.request("POST", PATH, body=body)
    time.sleep(0.5)
    process.started.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert process.started.poll() is None  # it answers what it accepted
    started = time.perf_counter()
    assert process.end(signal.SIGTERM, seconds=10) == -signal.SIGTERM
    assert time.perf_counter() - started < 3
    connection.close()


def test_killed_under_load_it_comes_back_on_the_same_ports(bundle, task, serve):
    process = serve(bundle, "--quiet")
    ports = [*("--rest-port", process.address.split(":")[1]), *("--grpc-port", process.grpc.split(":")[1])]
    with Load(process.address, task, 8) as load:
        time.sleep(1)
        process.end(signal.SIGKILL)
        before = len(load.outcomes)
        again = serve(bundle, "--quiet", ports=ports)
        assert again.address == process.address
        time.sleep(1)
        after = Counter(outcome for outcome, _ in load.outcomes[before:])
    assert after[200] > 20
    assert set(load.counts()) <= {200, "refused", "lost"}
    assert again.end() == 0


def test_two_servers_do_not_share_a_port(bundle, server):
    ports = {
        "--rest-port": ["--rest-port", server.rest_url.rpartition(":")[2], "--grpc-port", "none"],
        "--grpc-port": ["--rest-port", "none", "--grpc-port", server.grpc_address.rpartition(":")[2]],
    }
    command = [sys.executable, "-m", "tfbert.cli.main", "serve", str(bundle)]
    started = {
        name: subprocess.Popen([*command, *taken], stderr=subprocess.PIPE, text=True) for name, taken in ports.items()
    }
    for name, process in started.items():
        _, error = process.communicate()
        assert process.returncode == 1
        assert f"Choose another {name}" in error
        assert "Traceback" not in error
