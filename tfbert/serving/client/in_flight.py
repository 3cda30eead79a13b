"""Some requests at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_flight(function: Callable[[Item], Result], items: Iterable[Item], most: int) -> Iterator[Result]:
    """Yield the results of a function for items, in their order, from so many threads.

    Where one fails, those that have not begun are dropped.

    Args:
        function: Function of an item.
        items: Iterable. No more than twice `most` are held at a time.
        most: int. Threads.

    Yields:
        Its results.

    Example:
        >>> list(in_flight(abs, [-1, -2, -3], most=2))
        [1, 2, 3]
    """
    remaining = iter(items)
    with ThreadPoolExecutor(most) as pool:
        waiting = deque(pool.submit(function, item) for item in islice(remaining, 2 * most))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in islice(remaining, 1))
                yield result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
