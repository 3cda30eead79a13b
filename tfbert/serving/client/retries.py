"""Retries: a request is sent again, after a while, until its deadline."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from tfbert.option_checks import check_count
from tfbert.serving.server_options import check_seconds
from tfbert.wire.status import ServingError

FIRST_PAUSE, MOST_PAUSE = 0.1, 5.0  # seconds
Answer = TypeVar("Answer")


class Retries:
    """How often a request is sent again, and how long all tries of it may take.

    What a server refuses because it is full or away is tried again; wrong requests are not. Pauses double, vary by
    chance so that clients do not come back all at once, and last at least as long as the server asks for.

    Args:
        retries: int, default 4. Further tries.
        timeout: float, default 30.0. Seconds for all tries of a request.

    Raises:
        ValueError: If one of them is no such number.

    Example:
        >>> Retries().run(lambda seconds: f"{seconds:.0f} seconds are left")
        '30 seconds are left'
    """

    def __init__(self, retries: int = 4, timeout: float = 30.0):
        check_count("retries", retries, least=0)
        check_seconds("timeout", timeout)
        self.retries, self.timeout = retries, timeout

    def run(self, send: Callable[[float], Answer]) -> Answer:
        """Return what `send` returns.

        Args:
            send: Function that sends the request; it takes the seconds that are left.

        Returns:
            Its answer.

        Raises:
            ServingError: That of the last try.
        """
        deadline = time.monotonic() + self.timeout
        longest = FIRST_PAUSE
        remaining = self.retries
        while True:
            try:
                return send(max(deadline - time.monotonic(), 0.001))
            except ServingError as error:
                if error.retry_after is None or not remaining:
                    raise
                pause = max(longest * random.uniform(0.5, 1.0), error.retry_after)
                if time.monotonic() + pause >= deadline:
                    raise
            time.sleep(pause)
            longest, remaining = min(2 * longest, MOST_PAUSE), remaining - 1
