"""Exported tasks, each served by peers of TF Serving's and by our own server."""

import contextlib
import functools

import pytest

from tests.serving.client.peers import Model, grpc_server, rest_server
from tfbert.serving import Server, ServerOptions
from tfbert.tasks.served_task import ServedTask

SERVERS = ("rest", "grpc", "embedded rest", "embedded grpc")  # the former two as TF Serving, the latter two ours


@pytest.fixture(scope="session")
def served(exported):
    """Return a function from a task's class name to its export, asked in this process."""
    return functools.cache(lambda name: ServedTask(exported(name)))


@pytest.fixture(scope="session")
def serving(exported):
    """Return a function from a kind of server and a task's class name to the address of its model, "tiny"."""
    with contextlib.ExitStack() as running:
        model = functools.cache(lambda name: Model("tiny", exported(name)))

        @functools.cache
        def embedded(name):
            options = ServerOptions(rest_port=0, grpc_port=0, name="tiny")
            return running.enter_context(Server(exported(name), options).in_thread())

        starts = {
            "rest": lambda name: running.enter_context(rest_server(model(name))),
            "grpc": lambda name: running.enter_context(grpc_server(model(name))),
            "embedded rest": lambda name: embedded(name).rest_url,
            "embedded grpc": lambda name: f"grpc://{embedded(name).grpc_address}",
        }
        assert tuple(starts) == SERVERS
        yield functools.cache(lambda server, name: starts[server](name))
