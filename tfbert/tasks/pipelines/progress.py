"""A counter of texts on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def text_counter(total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Count texts on standard error where that is a terminal; nothing elsewhere.

    Args:
        total: int or None. How many there will be, if that is known.

    Yields:
        A function that takes how many more are done.
    """
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    shape = SpinnerColumn() if total is None else BarColumn()
    columns = (shape, TextColumn("{task.completed} texts"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("texts", total=total)
        yield lambda count: progress.advance(bar, count)
