"""What a server refused, said to the user of the client."""

from __future__ import annotations

from tfbert.wire.status import ServingError, Status

HINTS = {
    Status.NOT_FOUND: "Check `model`, `version`, `label` and `signature`; `client.status()` tells what is loaded.",
    Status.UNAVAILABLE: "Start a server, `tfbert serve DIR`, or check the address.",
    Status.UNAUTHENTICATED: "Give the server's token: Client(…, token=…).",
    Status.PERMISSION_DENIED: "Give a token that may ask: Client(…, token=…).",
    Status.RESOURCE_EXHAUSTED: "Send fewer requests at a time, or smaller ones (`in_flight`, `batch_size`).",
    Status.DEADLINE_EXCEEDED: "Give more time (`timeout`), or send smaller requests (`batch_size`).",
}
LONGEST = 500  # characters of a server's message that are repeated
TOO_LARGE = "larger than max"  # what gRPC says of a message, and our server of an answer, that will never pass


def refusal(where: str, status: Status, message: str, retry_after: float | None = None) -> ServingError:
    """Return the error for a request that was not answered.

    Args:
        where: str. Server and model.
        status: `Status`.
        message: str. What the server or the network said.
        retry_after: float or None. As in `ServingError`.

    Returns:
        A `ServingError`, which says where, what, and what to do. The server's message stands in it as it came: TF
        Serving's, of INVALID_ARGUMENT above all, may quote the texts that were asked.

    Example:
        >>> print(refusal("http://127.0.0.1:8501, model 'a'", Status.UNAUTHENTICATED, "No token."))
        UNAUTHENTICATED: http://127.0.0.1:8501, model 'a': No token. Give the server's token: Client(…, token=…).
    """
    said = message if len(message) <= LONGEST else f"{message[:LONGEST]}…"
    parts = [f"{where}: {said.strip().rstrip('.') or 'the server said nothing more'}.", HINTS.get(status, "")]
    return ServingError(status, " ".join(filter(None, parts)), retry_after)


def is_too_large(message: str) -> bool:
    """Whether a server says that a request will never pass, with the status that a full queue has, too."""
    return TOO_LARGE in message
