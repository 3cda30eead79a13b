"""ServerOptions: how a server listens, batches, and what it refuses."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

from tfbert.option_checks import check_count, check_flag

MOST_PORT = 65535


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """Options of a `Server`.

    Args:
        host: str, default "127.0.0.1". The address to listen on; "0.0.0.0" for all.
        rest_port: int or None, default 8501. 0 is a free one, None is no REST.
        grpc_port: int or None, default 8500. 0 is a free one, None is no gRPC.
        name: str or None. What a single model is called; None is its folder's name.
        batching: bool, default True. Whether requests that wait are answered together.
        max_batch_size: int, default 64. The most rows that the model sees at once; larger requests are split.
        batch_wait_micros: int, default 0. How long a batch that is not full waits for more, in microseconds.
        max_queued_rows: int, default 1024. Rows that may wait for a signature; requests beyond are refused at once.
        workers: int, default 2. Batches that run at a time.
        request_timeout: float, default 30.0. Seconds until a request is given up, where its client says nothing.
        max_request_bytes: int, default 16 MiB. The largest request.
        max_text_bytes: int, default 100,000. The longest text, in bytes of UTF-8.
        max_rows: int, default 4096. The most rows of a request, and the most texts of an input.
        max_answer_bytes: int, default 64 MiB. What the arrays of an answer may take.
        max_connections: int, default 1024. REST connections at a time.
        max_streams: int, default 1024. gRPC requests of one connection at a time; others wait at the client.
        body_timeout: float, default 10.0. Seconds in which a REST request must have come in.
        poll_seconds: float, default 1.0. How often folders are looked at for new versions.
        drain_seconds: float, default 30.0. How long accepted requests may take once the server shall stop.
        tls_certificate, tls_key: path of a PEM file, or None. Both, or neither, for REST and gRPC.
        token_file: path or None. A file with the token that requests must bear.
        log_requests: bool, default False. One line of JSON a request; otherwise only of those that fail.

    Raises:
        ValueError: If a value is none of these.
    """

    host: str = "127.0.0.1"
    rest_port: int | None = 8501
    grpc_port: int | None = 8500
    name: str | None = None
    batching: bool = True
    max_batch_size: int = 64
    batch_wait_micros: int = 0
    max_queued_rows: int = 1024
    workers: int = 2
    request_timeout: float = 30.0
    max_request_bytes: int = 2**24
    max_text_bytes: int = 100_000
    max_rows: int = 4096
    max_answer_bytes: int = 2**26
    max_connections: int = 1024
    max_streams: int = 1024
    body_timeout: float = 10.0
    poll_seconds: float = 1.0
    drain_seconds: float = 30.0
    tls_certificate: str | Path | None = None
    tls_key: str | Path | None = None
    token_file: str | Path | None = None
    log_requests: bool = False

    def __post_init__(self) -> None:
        for name in ("rest_port", "grpc_port"):
            _check_port(name, getattr(self, name))
        if self.rest_port is None and self.grpc_port is None:
            raise ValueError("`rest_port` and `grpc_port` must not both be None: nothing would be served.")
        if self.rest_port == self.grpc_port != 0:
            raise ValueError(f"`rest_port` and `grpc_port` must differ. Received: {self.rest_port} for both.")
        for name in ("max_batch_size", "max_queued_rows", "workers", "max_request_bytes", "max_text_bytes"):
            check_count(name, getattr(self, name))
        for name in ("max_rows", "max_answer_bytes", "max_connections", "max_streams"):
            check_count(name, getattr(self, name))
        check_count("batch_wait_micros", self.batch_wait_micros, least=0)
        for name in ("request_timeout", "body_timeout", "poll_seconds", "drain_seconds"):
            check_seconds(name, getattr(self, name))
        check_flag("batching", self.batching)
        check_flag("log_requests", self.log_requests)
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("`tls_certificate` and `tls_key` go together: give both, or neither.")
        for name in ("tls_certificate", "tls_key", "token_file"):
            path = getattr(self, name)
            if path is not None and not Path(path).is_file():
                raise ValueError(f"`{name}` must be a file. Received: {str(path)!r}.")


def _check_port(name: str, value: Any) -> None:
    check_count(name, value, least=0, optional=True)
    if value is not None and value > MOST_PORT:
        raise ValueError(f"`{name}` must be at most {MOST_PORT}. Received: {value}.")


def check_seconds(name: str, value: Any) -> None:
    """Refuse what is no positive time.

    Args:
        name: str. The option.
        value: What was given.

    Raises:
        ValueError: If it is none.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value <= 0:
        raise ValueError(f"`{name}` must be a number of seconds above 0. Received: {value!r}.")
