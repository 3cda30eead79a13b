"""Contenders in one process that take turns, each with calls that wait for nothing but the last one's result."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

PEERS = ("PyTorch SDPA", "torch.compile", "torch.compile, no mask")


class Contender(NamedTuple):
    """One of those who take turns.

    Args:
        call: Function without arguments. Starts a run and returns its result, which may not be there yet.
        wait: Function of a result. Returns when it is there, and with it those of all runs before.
        read: Function of a result. Returns the hidden states of the first texts, or of all.
    """

    call: Callable[[], Any]
    wait: Callable[[Any], Any]
    read: Callable[[Any], np.ndarray]

    def seconds(self, calls: int) -> float:
        """Return the seconds that each of so many runs in a row takes."""
        start = time.perf_counter()
        for _ in range(calls):
            result = self.call()
        self.wait(result)
        return (time.perf_counter() - start) / calls


def interleaved(contenders: Mapping[str, Contender], rounds: int, at_least: float) -> dict[str, list[float]]:
    """Let each warm up, then time them in turns.

    Args:
        contenders: dict from name to `Contender`.
        rounds: int.
        at_least: float. Seconds of a turn.

    Returns:
        A dict from name to the seconds of a run, one number for each round.
    """
    calls = {}
    for name, contender in contenders.items():
        contender.seconds(3)
        calls[name] = math.ceil(at_least / contender.seconds(3))
    timed: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            timed[name].append(contender.seconds(calls[name]))
    return timed
