"""Loader: the one thread in which folders are looked at and models are loaded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Found = TypeVar("Found")


class Loader:
    """A thread beside the event loop, so that loading holds up no request."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "tfbert-load")
        self._begun: set[Future] = set()

    @property
    def is_busy(self) -> bool:
        """Whether something runs in the thread, which cannot be stopped."""
        return any(future.running() for future in list(self._begun))

    async def run(self, function: Callable[..., Found], *arguments: object) -> Found:
        """Return what a function returns in the thread.

        Args:
            function: The function.
            *arguments: What it takes.

        Returns:
            What it returns.
        """
        future = self._thread.submit(function, *arguments)
        self._begun.add(future)
        future.add_done_callback(self._begun.discard)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Begin nothing any more; what runs ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)
