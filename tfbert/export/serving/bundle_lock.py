"""One exporter at a time changes the files that the models of a bundle share."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

LOCK_FILE = ".bundle.lock"


@contextlib.contextmanager
def bundle_lock(root: Path) -> Iterator[None]:
    """Hold the lock of a bundle; it goes with the process that holds it, however that ends.

    Args:
        root: Path of the bundle.

    Yields:
        None.
    """
    with (root / LOCK_FILE).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
