"""Folders and files that appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from os import PathLike
from pathlib import Path


@contextlib.contextmanager
def staged_folder(target: str | PathLike, overwrite: bool = False) -> Iterator[Path]:
    """Give a folder to write into that becomes `target` when the block ends without an error.

    Args:
        target: Path of the folder to make.
        overwrite: bool, default False. Replace an existing folder.

    Yields:
        Path of the folder to write into.

    Raises:
        FileExistsError: If the target exists and `overwrite` is False.
    """
    with staged_path(target, overwrite, "Choose the next version number, or write overwrite=True.") as folder:
        folder.mkdir()
        yield folder


@contextlib.contextmanager
def staged_path(
    target: str | PathLike, overwrite: bool = False, advice: str = "Choose another path, or write overwrite=True."
) -> Iterator[Path]:
    """Give a path, at which nothing lies, whose file or folder becomes `target` when the block ends without an error.

    It lies beside the target under a name that servers pass over (".1.partial-…"); leftovers of writers that were
    killed are removed by the next one.

    Args:
        target: Path of what to make.
        overwrite: bool, default False. Replace what exists.
        advice: str. What the error says to do where something exists.

    Yields:
        Path to write to.

    Raises:
        FileExistsError: If the target exists and `overwrite` is False.
    """
    target = Path(os.path.abspath(target))
    if target.exists() and not overwrite:
        raise FileExistsError(f"{str(target)!r} exists already. {advice}")
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    staging, replaced = (target.with_name(_partial_name(target)) for _ in range(2))
    try:
        yield staging
        if target.exists():
            if not overwrite:
                raise FileExistsError(f"{str(target)!r} appeared while it was being written. Nothing was replaced.")
            os.rename(target, replaced)
        try:
            os.rename(staging, target)
        except OSError:
            if replaced.exists():
                os.rename(replaced, target)
            raise
    finally:
        for leftover in (staging, replaced):
            _remove(leftover)


def _partial_name(target: Path) -> str:
    """A new name beside the target that says whose it is."""
    return f".{target.name}.partial-{os.getpid()}-{secrets.token_hex(4)}"


def _remove_leftovers(target: Path) -> None:
    for path in target.parent.glob(f".{glob.escape(target.name)}.partial-*"):
        writer = path.name.rpartition("partial-")[2].partition("-")[0]
        if not (writer.isdigit() and _is_running(int(writer))):
            _remove(path)


def _remove(path: Path) -> None:
    """Remove a file, a folder, or nothing."""
    if path.is_file():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
