"""Folders and files that appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

NEW, OLD = "new", "old"  # in the folder of a writer: what it writes, and what it moved away for that
ADVICE = "Choose another path, or write overwrite=True."


def check_target(path: str | PathLike, suffix: str, overwrite: bool = False) -> Path:
    """Refuse a path that no file can be put at, before the work of making one.

    Args:
        path: Path of the file to make.
        suffix: str. What its name must end in, such as ".onnx".
        overwrite: bool, default False. Replace what exists.

    Returns:
        The path, with the home folder in the place of "~".

    Raises:
        ValueError: If the name ends otherwise.
        FileExistsError: If it is a folder, or exists and `overwrite` is False.
    """
    path = Path(path).expanduser()
    if path.suffix != suffix:
        raise ValueError(f"`path` must end in {suffix}. Received: {str(path)!r}.")
    if path.is_dir():
        raise FileExistsError(f"{str(path)!r} is a folder. Choose another path.")
    _check_free(path, overwrite)
    return path


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
def staged_path(target: str | PathLike, overwrite: bool = False, advice: str = ADVICE) -> Iterator[Path]:
    """Give a path, at which nothing lies, whose file or folder becomes `target` when the block ends without an error.

    It lies in a folder beside the target whose name servers pass over (".1.partial-…"). What writers leave that were
    killed the next one removes, and puts back what one of them had moved away.

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
    _settle_leftovers(target)
    _check_free(target, overwrite, advice)
    with scratch_path(target) as staging:
        yield staging
        sync(staging)
        if staging.is_file():
            put_file(staging, target, overwrite)
        else:
            _put_folder(staging, target, overwrite)
        sync_name(target.parent)


@contextlib.contextmanager
def scratch_path(target: str | PathLike) -> Iterator[Path]:
    """Give a path near `target` to write to; what still lies there when the block ends is removed.

    Its folder is locked while it is written, which other processes see from any container that mounts it, as long as
    they run on one host or the file system passes locks on. NFS that is mounted without locks will not do.

    Args:
        target: Path of what is to be made; its folder is made where it is missing.

    Yields:
        Path at which nothing lies, in a folder of a name that servers pass over. What killed writers left for the same
        target is gone.
    """
    target = Path(os.path.abspath(target))
    _settle_leftovers(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _own_folder(target) as folder:
        try:
            yield folder / NEW
        finally:
            _settle(folder, target)


def put_file(source: Path, target: Path, overwrite: bool) -> None:
    """Give a written file its name in one step; one that appeared there meanwhile stays, unless it is to be replaced.

    Args:
        source: Path of the file, on the same file system.
        target: Path.
        overwrite: bool. Replace what exists.

    Raises:
        FileExistsError: If the target exists and `overwrite` is False.
    """
    if overwrite:
        os.replace(source, target)
        return
    try:
        os.link(source, target)  # which, other than a rename, never replaces
    except FileExistsError as error:
        raise _appeared(target) from error
    except OSError as error:  # a file system without links
        if target.exists():
            raise _appeared(target) from error
        os.rename(source, target)
    else:
        source.unlink()


def sync(path: Path) -> None:
    """Put a file, or a folder with all that is in it, on the disk, so that no name is there before its content.

    Args:
        path: Path.
    """
    for entry in (path, *path.rglob("*")):
        sync_name(entry)


def sync_name(path: Path) -> None:
    """Put a file, or the names in a folder, on the disk.

    Args:
        path: Path.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_free(target: Path, overwrite: bool, advice: str = ADVICE) -> None:
    if target.exists() and not overwrite:
        raise FileExistsError(f"{str(target)!r} exists already. {advice}")


def _appeared(target: Path) -> FileExistsError:
    return FileExistsError(f"{str(target)!r} appeared while it was being written. Nothing was replaced.")


def _put_folder(staging: Path, target: Path, overwrite: bool) -> None:
    """Give a written folder its name, in two steps where it takes that of another."""
    if not target.exists():
        os.rename(staging, target)
        return
    if not overwrite:
        raise _appeared(target)
    replaced = staging.with_name(OLD)
    try:
        os.rename(target, replaced)
        os.rename(staging, target)
    finally:
        _put_back(replaced, target)


@contextlib.contextmanager
def _own_folder(target: Path) -> Iterator[Path]:
    """A new folder beside the target, locked as long as this process is at work in it."""
    while True:
        folder = target.with_name(f".{target.name}.partial-{secrets.token_hex(4)}")
        folder.mkdir()
        with _locked(folder) as is_locked:
            if is_locked and folder.exists():  # or another writer took it for a leftover before it was locked
                yield folder
                return


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether the lock of a file or folder could be had; it goes with the process that holds it, however that ends."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        is_locked = False
    else:
        is_locked = True
    try:
        yield is_locked
    finally:
        os.close(handle)


def _settle_leftovers(target: Path) -> None:
    """Settle what killed writers left; what is locked belongs to one that is at work."""
    for path in target.parent.glob(f".{glob.escape(target.name)}.partial-*"):
        with _locked(path) as is_locked:
            if is_locked:
                _settle(path, target)


def _settle(folder: Path, target: Path) -> None:
    """Put back what a writer had moved away, and remove its folder."""
    _put_back(folder / OLD, target)
    shutil.rmtree(folder, ignore_errors=True)


def _put_back(replaced: Path, target: Path) -> None:
    """Put back what was moved away where nothing took its place."""
    if replaced.exists() and not target.exists():
        os.rename(replaced, target)
