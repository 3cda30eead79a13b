"""A server that stops and comes back while clients ask it."""

import contextlib
import dataclasses
import threading
import time

import pytest

from tfbert.serving import Client, Server, ServerOptions

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_clients_notice_no_restart(exported, protocol):
    path, answers, failures, over = exported("TextClassifier"), [], [], threading.Event()
    options = ServerOptions(rest_port=0, grpc_port=0, name="tiny")

    def ask(client, number):
        while not over.is_set():
            texts = [f"Anna {number} {row}" for row in range(3)]
            try:
                answers.append((time.monotonic(), len(client.predict(texts)["label"])))
            except Exception as error:
                failures.append(error)
                return

    with contextlib.ExitStack() as stack:
        with Server(path, options).in_thread() as first:
            ports = [int(address.rsplit(":", 1)[1]) for address in (first.rest_url, first.grpc_address)]
            url = first.rest_url if protocol == "rest" else f"grpc://{first.grpc_address}"
            client = stack.enter_context(Client(url, model="tiny", retries=12))
            threads = [threading.Thread(target=ask, args=(client, number)) for number in range(8)]
            for thread in threads:
                thread.start()
            time.sleep(1)
        stopped = time.monotonic()
        time.sleep(0.5)
        stack.enter_context(
            Server(path, dataclasses.replace(options, rest_port=ports[0], grpc_port=ports[1])).in_thread()
        )
        time.sleep(3)
        over.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert all(count == 3 for _, count in answers)
    assert sum(moment > stopped for moment, _ in answers) > 8
