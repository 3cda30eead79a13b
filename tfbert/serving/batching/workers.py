"""Workers: the threads that run batches, shared by all queues."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Workers:
    """Threads, of which a queue takes one before it chooses a batch: what was chosen runs at once.

    All methods are called on the event loop.

    Args:
        count: int. How many there are.
    """

    def __init__(self, count: int):
        self._executor = ThreadPoolExecutor(count, "tfbert-run")
        self._free = count
        self._asking: OrderedDict[Callable[[], None], None] = OrderedDict()

    def take(self, start: Callable[[], None]) -> bool:
        """Take a worker; where none is free, `start` is called once one is, each queue in its turn."""
        if self._free:
            self._free -= 1
            return True
        self._asking[start] = None
        return False

    def give_back(self) -> None:
        """Say that a worker is free."""
        self._free += 1
        while self._asking and self._free:
            self._asking.popitem(last=False)[0]()

    @property
    def is_free(self) -> bool:
        """Whether one is free."""
        return self._free > 0

    def run(self, function: Callable[..., Any], *arguments: Any) -> asyncio.Future:
        """Run a function on the worker that was taken."""
        return asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)

    def shutdown(self, wait: bool = False) -> None:
        """Take no more work."""
        self._executor.shutdown(wait=wait, cancel_futures=True)
