"""What goes wrong with a request: one kind of error, its gRPC code and its HTTP status."""

from __future__ import annotations

from enum import Enum


class Status(Enum):
    """gRPC's status codes that a model server answers with, each with its number and the HTTP status beside it.

    A queue that is full is RESOURCE_EXHAUSTED, 429; TF Serving answers UNAVAILABLE, 503, there.

    Source: `google.rpc.Code` with its HTTP mapping, which is also that of TF Serving's REST API.
    """

    CANCELLED = (1, 499)
    UNKNOWN = (2, 500)
    INVALID_ARGUMENT = (3, 400)
    DEADLINE_EXCEEDED = (4, 504)
    NOT_FOUND = (5, 404)
    PERMISSION_DENIED = (7, 403)
    RESOURCE_EXHAUSTED = (8, 429)
    FAILED_PRECONDITION = (9, 400)
    UNIMPLEMENTED = (12, 501)
    INTERNAL = (13, 500)
    UNAVAILABLE = (14, 503)
    UNAUTHENTICATED = (16, 401)

    @property
    def code(self) -> int:
        """GRPC's number."""
        return self.value[0]

    @property
    def http(self) -> int:
        """The HTTP status."""
        return self.value[1]

    @classmethod
    def of_code(cls, code: int) -> Status:
        """Return the status of a gRPC number; UNKNOWN for others."""
        return next((status for status in cls if status.code == code), cls.UNKNOWN)

    @classmethod
    def of_http(cls, http: int) -> Status:
        """Return the status that an HTTP status stands for; UNKNOWN for others."""
        if http in (408, 413):
            return cls.DEADLINE_EXCEEDED if http == 408 else cls.RESOURCE_EXHAUSTED
        return next((status for status in cls if status.http == http), cls.UNKNOWN)


class ServingError(Exception):
    """A request that was not answered; `status` says of which kind.

    Args:
        status: `Status`.
        message: str. What is wrong, and what to send instead. It holds no text of the user.
        retry_after: float or None. Seconds until the same request is worth another try; None where it is not.

    Example:
        >>> str(ServingError(Status.NOT_FOUND, "No model 'a' is served."))
        "NOT_FOUND: No model 'a' is served."
    """

    def __init__(self, status: Status, message: str, retry_after: float | None = None):
        super().__init__(f"{status.name}: {message}")
        self.status, self.message, self.retry_after = status, message, retry_after
