"""The versions of a model: which folders they are, and the next one, which gets the next free number in one step."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from tfbert.export.staging import scratch_path, sync, sync_name

TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)
MOST_VERSION = 2**63 - 1  # as servers hold it


def write_version(base: str | PathLike, write: Callable[[Path], None]) -> Path:
    """Make the next version of a model; of several processes that do so at once each gets a number of its own.

    Args:
        base: Path of the model's folder, whose sub-folders are versions.
        write: Function that writes the version into the folder it is given.

    Returns:
        Path of the version folder, whose name is a number.

    Raises:
        ValueError: If no number is left.
    """
    base = Path(base)
    with scratch_path(base / "version") as staging:
        staging.mkdir()
        write(staging)
        sync(staging)
        version = _place(staging, base)
        sync_name(base)
        return version


def version_of(name: str) -> int | None:
    """Return the version that a folder of this name is; None where servers take it for none.

    Args:
        name: str.

    Returns:
        int or None.

    Example:
        >>> version_of("7"), version_of("007"), version_of("notes")
        (7, None, None)
    """
    if not (name.isascii() and name.isdecimal() and len(name) <= len(str(MOST_VERSION))):
        return None
    number = int(name)
    return number if str(number) == name and number <= MOST_VERSION else None


def version_folders(base: str | PathLike) -> dict[int, Path]:
    """Return the folders of the versions of a model by number, ascending; all else that lies there is passed over.

    Args:
        base: Path of the model's folder, which need not exist.

    Returns:
        A dict of paths.
    """
    try:
        entries = [(version_of(entry.name), entry) for entry in Path(base).iterdir() if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return dict(sorted((number, entry) for number, entry in entries if number is not None))


def version_numbers(base: str | PathLike) -> list[int]:
    """Return the numbers of the versions in a model's folder, ascending."""
    return list(version_folders(base))


def _place(staging: Path, base: Path) -> Path:
    """Rename to the number after the last; where another process takes it first, to the one after that."""
    number = max(version_numbers(base), default=0) + 1
    while number <= MOST_VERSION:
        version = base / str(number)
        try:
            os.rename(staging, version)
        except OSError as error:
            if error.errno not in TAKEN:
                raise
            number += 1
        else:
            return version
    raise ValueError(f"No version number is left in {str(base)!r}: remove the folder {MOST_VERSION}.")
