"""A bundle of a tiny classifier, served in a thread of this process."""

import json
import shutil

import grpc
import pytest
import urllib3

from tests.conftest import copy_tiny
from tfbert.serving import Server, ServerOptions
from tfbert.serving.request_log import RequestLog
from tfbert.tasks import TextClassifier
from tfbert.tasks.served_task import ServedTask
from tfbert.wire.messages import METHODS, message


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """The root of a bundle that holds tiny/1; not to be changed."""
    folder = tmp_path_factory.mktemp("bundle")
    task = TextClassifier.from_pretrained(copy_tiny("classifier_single_label", folder), max_length=24)
    return task.export(folder / "models", format="serving", name="tiny").parent.parent


@pytest.fixture
def copied(bundle, tmp_path):
    """The root of a copy."""
    return shutil.copytree(bundle, tmp_path / "models")


@pytest.fixture(scope="session")
def task(bundle):
    """The same model, asked in this process."""
    return ServedTask(bundle / "tiny" / "1")


@pytest.fixture(scope="session")
def make_server(tmp_path_factory):
    """Return a function that makes a server on free ports, with options as given."""

    def make(path, log=None, **options):
        return Server(path, ServerOptions(**{"rest_port": 0, "grpc_port": 0, **options}), log)

    return make


@pytest.fixture(scope="session")
def server(bundle, make_server):
    with make_server(bundle, RequestLog(False, quiet=True)).in_thread() as running:
        yield running


class Rest:
    """A REST client that gives (status, JSON) of each request, and retries nothing."""

    def __init__(self, url, headers=None):
        self.url, self.headers = url, headers or {}
        self.pool = urllib3.PoolManager(retries=False, timeout=30, maxsize=32)

    def get(self, path, method="GET", body=None, **headers):
        response = self.pool.request(method, self.url + path, body=body, headers={**self.headers, **headers})
        kind = response.headers["content-type"]
        return response.status, json.loads(response.data) if kind == "application/json" else response.data

    def post(self, path, body):
        return self.get(path, "POST", body if isinstance(body, bytes) else json.dumps(body).encode())

    def predict(self, *texts):
        return self.post("/v1/models/tiny:predict", {"instances": list(texts)})


@pytest.fixture(scope="session")
def rest(server):
    return Rest(server.rest_url)


@pytest.fixture
def rest_of():
    """Return a function from an address and headers to a `Rest`."""
    return Rest


class Rpc:
    """A gRPC client by the names of methods; bytes go as they are."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address, [("grpc.max_send_message_length", -1)])

    def call(self, method, request, metadata=(), timeout=30):
        (service,) = [name for name, methods in METHODS.items() if method in methods]
        answer = message(METHODS[service][method][1]).FromString
        call = self.channel.unary_unary(f"/{service}/{method}", lambda given: given, answer)
        body = request if isinstance(request, bytes) else request.SerializeToString()
        return call(body, timeout=timeout, metadata=metadata)

    def refusal(self, method, request, **options):
        """The name of the status and the message that a request is refused with."""
        with pytest.raises(grpc.RpcError) as error:
            self.call(method, request, **options)
        return error.value.code().name, error.value.details()


@pytest.fixture(scope="session")
def rpc(server):
    client = Rpc(server.grpc_address)
    yield client
    client.channel.close()


@pytest.fixture
def rpc_of():
    """Return a function from an address to an `Rpc`, closed when the test ends."""
    made = []

    def make(address):
        made.append(Rpc(address))
        return made[-1]

    yield make
    for client in made:
        client.channel.close()
