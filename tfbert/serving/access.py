"""Access: whether a request bears the token."""

from __future__ import annotations

import hmac
from os import PathLike
from pathlib import Path

from tfbert.wire.status import ServingError, Status

BEARER = "bearer "


class Access:
    """The token that requests must bear, if any.

    Args:
        token_file: Path of a file that holds it; None lets everyone in.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is empty, or holds more than one line of ASCII.
    """

    def __init__(self, token_file: str | PathLike | None = None):
        self._token: bytes | None = None
        if token_file is not None:
            token = Path(token_file).read_text(encoding="utf-8").strip()
            if not token or not token.isascii() or not token.isprintable():
                raise ValueError(f"The token file {str(token_file)!r} must hold one line of ASCII, the token.")
            self._token = token.encode("ascii")

    @property
    def is_open(self) -> bool:
        """Whether everyone may ask."""
        return self._token is None

    def check(self, authorization: str | None) -> None:
        """Refuse a request without the token.

        Args:
            authorization: str or None. The value of its header.

        Raises:
            ServingError: UNAUTHENTICATED.
        """
        if self._token is None:
            return
        given = authorization or ""
        is_bearer = given[: len(BEARER)].lower() == BEARER
        token = given[len(BEARER) :].strip().encode("utf-8") if is_bearer else b""
        if not hmac.compare_digest(token, self._token):
            raise ServingError(Status.UNAUTHENTICATED, "Send the header `Authorization: Bearer TOKEN`.")
