"""How far a long run is: rows, rows a second, and how much of the input is read."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

SECONDS = 30.0  # between two lines where no terminal shows a bar


@contextlib.contextmanager
def row_progress(done: int, file: BinaryIO) -> Iterator[Callable[[int], None]]:
    """Show on standard error how far a run is: a bar on a terminal, elsewhere a line now and then.

    Args:
        done: int. Rows that an earlier run answered.
        file: The input; its place tells how much is read, where it has a size.

    Yields:
        A function that takes how many more rows are answered.
    """
    size = _size(file)
    begin, now, rows = time.monotonic(), time.monotonic, 0

    def state() -> str:
        rate = rows / max(now() - begin, 1e-9)
        share = f", {file.tell() / size:.0%} of the input" if size else ""
        return f"{done + rows:,} rows, {rate:,.0f} rows/s{share}"

    with _shown(size) as show:

        def advance(count: int) -> None:
            nonlocal rows
            rows += count
            show(state, file.tell() if size else 0)

        yield advance


def _size(file: BinaryIO) -> int:
    """The bytes of a file, 0 for a pipe."""
    with contextlib.suppress(OSError):
        facts = os.fstat(file.fileno())
        return facts.st_size if stat.S_ISREG(facts.st_mode) else 0
    return 0


@contextlib.contextmanager
def _shown(size: int) -> Iterator[Callable[[Callable[[], str], int], None]]:
    """A function that shows a state and a place in the input."""
    if not sys.stderr.isatty():
        due = time.monotonic() + SECONDS

        def write(state: Callable[[], str], place: int) -> None:
            nonlocal due
            if time.monotonic() >= due:
                print(state(), file=sys.stderr, flush=True)
                due = time.monotonic() + SECONDS

        yield write
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (BarColumn() if size else SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("0 rows", total=size or None)
        yield lambda state, place: progress.update(bar, completed=place, description=state())
