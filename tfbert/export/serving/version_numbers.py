"""The next version of a model: written beside its place, and given the next free number in one step."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from tfbert.export.staging import scratch_path

TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


def write_version(base: str | PathLike, write: Callable[[Path], None]) -> Path:
    """Make the next version of a model; of several processes that do so at once each gets a number of its own.

    Args:
        base: Path of the model's folder, whose sub-folders are versions.
        write: Function that writes the version into the folder it is given.

    Returns:
        Path of the version folder, whose name is a number.
    """
    base = Path(base)
    with scratch_path(base / "version") as staging:
        staging.mkdir()
        write(staging)
        return _place(staging, base)


def version_numbers(base: str | PathLike) -> list[int]:
    """Return the numbers of the versions in a model's folder, ascending.

    Args:
        base: Path of the model's folder.

    Returns:
        A list of int; servers read names of digits only as versions.
    """
    base = Path(base)
    entries = base.iterdir() if base.is_dir() else ()
    return sorted(int(entry.name) for entry in entries if entry.name.isdecimal() and entry.name.isascii())


def _place(staging: Path, base: Path) -> Path:
    """Rename to the number after the last; where another process takes it first, to the one after that."""
    number = max(version_numbers(base), default=0) + 1
    while True:
        version = base / str(number)
        try:
            os.rename(staging, version)
        except OSError as error:
            if error.errno not in TAKEN:
                raise
            number += 1
        else:
            return version
