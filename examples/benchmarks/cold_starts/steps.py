"""How a new process times what it does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any


def timed(steps: dict[str, Callable[[], Any]]) -> None:
    """Take the steps in their order, and print the seconds of each."""
    seconds = {}
    for name, step in steps.items():
        start = time.perf_counter()
        step()
        seconds[name] = time.perf_counter() - start
    print(json.dumps(seconds))
