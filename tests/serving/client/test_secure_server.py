"""The client against our server with TLS and a token."""

import pytest

from tests.serving.certificate import make_certificate
from tfbert.serving import Client, Server, ServerOptions, ServingError
from tfbert.wire.status import Status

pytestmark = pytest.mark.slow
TOKEN = "a-token-of-the-test"
SCHEMES = ("https", "grpcs")


@pytest.fixture(scope="module")
def secure(exported, tmp_path_factory):
    """Addresses by scheme, and the path of the certificate."""
    folder = tmp_path_factory.mktemp("secure")
    certificate, key = make_certificate(folder)
    (folder / "token").write_text(TOKEN)
    options = ServerOptions(
        rest_port=0, grpc_port=0, name="tiny", tls_certificate=certificate, tls_key=key, token_file=folder / "token"
    )
    with Server(exported("TextClassifier"), options).in_thread() as server:
        yield {"https": server.rest_url, "grpcs": f"grpcs://{server.grpc_address}"}, certificate


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tls_and_token(secure, scheme):
    addresses, certificate = secure
    with Client(addresses[scheme], model="tiny", ca_certificate=certificate, token=TOKEN) as client:
        assert len(client.predict(["Anna", "Bob"])["label"]) == 2
        assert client.status() == [{"version": 1, "state": "AVAILABLE", "error": ""}]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_the_token_nothing_is_told(secure, scheme, token):
    addresses, certificate = secure
    with (
        Client(addresses[scheme], model="tiny", ca_certificate=certificate, token=token) as client,
        pytest.raises(ServingError, match="Give the server's token") as caught,
    ):
        client.predict("Anna")
    assert caught.value.status is Status.UNAUTHENTICATED
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_certificate_that_nobody_vouches_for_is_refused(secure, scheme):
    addresses, _ = secure
    with (
        Client(addresses[scheme], model="tiny", token=TOKEN, retries=0) as client,
        pytest.raises(ServingError, match=r"UNAVAILABLE.*(certificate|handshake|SSL|TLS)"),
    ):
        client.predict("Anna")
