"""What listening on a port takes: the address as URLs have it, and a certificate that is one."""

from __future__ import annotations

import ssl
from os import PathLike


def bracketed(host: str) -> str:
    """Return a host as it stands before the port, addresses of IPv6 in brackets.

    Example:
        >>> bracketed("::1")
        '[::1]'
    """
    return f"[{host}]" if ":" in host else host


def check_certificate(certificate: str | PathLike, key: str | PathLike) -> None:
    """Refuse a certificate and a key that do not go together.

    Args:
        certificate, key: Paths of PEM files.

    Raises:
        ValueError: If either is no PEM file, or they belong to others.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, OSError) as error:
        raise ValueError(
            "`tls_certificate` and `tls_key` must be PEM files of a certificate and of its key without a password. "
            f"Received: {str(certificate)!r} and {str(key)!r} ({error})."
        ) from error
