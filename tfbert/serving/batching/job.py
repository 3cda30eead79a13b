"""Job: a request that waits to be answered."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]


@dataclasses.dataclass(eq=False, slots=True)
class Job:
    """A request, or a part of a large one, that waits in a queue.

    Args:
        inputs: dict of arrays.
        rows: int. How many rows they have.
        group: Any. Only jobs of equal groups are answered together.
        answer: `asyncio.Future` of the answer, a dict of arrays.
        came: float. When it came, by the clock of the event loop.
        expiry: The timer that ends it at its deadline.
        each: int, default 1. What a row counts for, such as its texts.
    """

    inputs: Arrays
    rows: int
    group: Any
    answer: asyncio.Future
    came: float
    expiry: asyncio.TimerHandle | None = None
    each: int = 1

    @property
    def load(self) -> int:
        """What it counts for."""
        return self.rows * self.each

    def part(self, rows: slice) -> Arrays:
        """Return some rows of the inputs."""
        return {name: array[rows] for name, array in self.inputs.items()}
