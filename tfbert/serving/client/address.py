"""Address: where a server listens, and how it is spoken to."""

from __future__ import annotations

import dataclasses
from typing import Any, Self
from urllib.parse import urlsplit

SCHEMES = ("http", "https", "grpc", "grpcs")


@dataclasses.dataclass(frozen=True)
class Address:
    """A server's address.

    Args:
        url: str. Without a slash at its end.
        target: str. Host and port, as gRPC takes them.
        is_grpc: bool. Whether it speaks gRPC rather than REST.
        is_secure: bool. Whether by TLS.

    Example:
        >>> Address.of("grpcs://models.example:8500").target
        'models.example:8500'
    """

    url: str
    target: str
    is_grpc: bool
    is_secure: bool

    @classmethod
    def of(cls, url: Any) -> Self:
        """Read an address.

        Args:
            url: str. "http://host:port", or "https", "grpc" or "grpcs" before it.

        Returns:
            An `Address`.

        Raises:
            ValueError: If it is none.
        """
        try:
            parts = urlsplit(url if isinstance(url, str) else "")
            known = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number
            known = False
        if not known:
            raise ValueError(
                '`url` must be such as "http://127.0.0.1:8501" or "grpc://127.0.0.1:8500"; by TLS "https://…" or '
                f'"grpcs://…". Received: {url!r}.'
            )
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("`url` holds host, port and path only. A token is given as `token`.")
        is_grpc = parts.scheme.startswith("grpc")
        if is_grpc and (parts.port is None or parts.path not in ("", "/")):
            raise ValueError(f'A gRPC address has a port and no path: "grpc://127.0.0.1:8500". Received: {url!r}.')
        return cls(url.rstrip("/"), parts.netloc, is_grpc, parts.scheme in ("https", "grpcs"))
