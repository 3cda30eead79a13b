"""Budget: how many bytes of requests may be in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tfbert.wire.status import ServingError, Status


class Budget:
    """Bytes that requests share, over all connections.

    Args:
        most: int. Bytes.

    Example:
        >>> budget = Budget(10)
        >>> with budget.share() as share:
        ...     share.take(8)
        ...     budget.left
        2
        >>> budget.left
        10
    """

    def __init__(self, most: int):
        self.most = self.left = most

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Give a request a share, which ends with the block."""
        share = Share(self)
        try:
            yield share
        finally:
            self.left += share.taken


class Share:
    """What one request takes of a budget.

    Args:
        budget: `Budget`.
    """

    def __init__(self, budget: Budget):
        self._budget, self.taken = budget, 0

    def take(self, count: int) -> None:
        """Take bytes.

        Raises:
            ServingError: RESOURCE_EXHAUSTED where too few are left.
        """
        if count > self._budget.left:
            raise ServingError(
                Status.RESOURCE_EXHAUSTED,
                f"The server is busy: its requests have {self._budget.most} bytes, the most that they may. "
                "Send the request again later.",
                retry_after=1.0,
            )
        self._budget.left -= count
        self.taken += count
