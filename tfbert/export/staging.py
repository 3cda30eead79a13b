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

PARTIAL, REPLACED = "partial", "replaced"
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

    It lies beside the target under a name that servers pass over (".1.partial-…"). What writers leave that were killed
    the next one removes, and puts back what one of them had moved away (".1.replaced-…").

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
        if target.exists() and not overwrite:
            raise FileExistsError(f"{str(target)!r} appeared while it was being written. Nothing was replaced.")
        _put_in_place(staging, target)


@contextlib.contextmanager
def scratch_path(target: str | PathLike) -> Iterator[Path]:
    """Give a path beside `target` to write to; what still lies there when the block ends is removed.

    Args:
        target: Path of what is to be made; its folder is made where it is missing.

    Yields:
        Path at which nothing lies, of a name that servers pass over. What killed writers left for the same target is
        gone.
    """
    target = Path(os.path.abspath(target))
    _settle_leftovers(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = _beside(target, PARTIAL)
    try:
        yield staging
    finally:
        _remove(staging)


def _check_free(target: Path, overwrite: bool, advice: str = ADVICE) -> None:
    if target.exists() and not overwrite:
        raise FileExistsError(f"{str(target)!r} exists already. {advice}")


def _put_in_place(staging: Path, target: Path) -> None:
    """Give what was written its name; a file takes that of another in one step, a folder in two."""
    if staging.is_file() or not target.exists():
        os.replace(staging, target)
        return
    replaced = _beside(target, REPLACED)
    try:
        os.rename(target, replaced)
        os.rename(staging, target)
    finally:
        _put_back_or_remove(replaced, target)


def _beside(target: Path, kind: str) -> Path:
    """A new path beside the target whose name says what lies there, and whose it is."""
    return target.with_name(f".{target.name}.{kind}-{os.getpid()}-{secrets.token_hex(4)}")


def _settle_leftovers(target: Path) -> None:
    """Put back what a killed writer had moved away, and remove what else such writers left."""
    for kind, settle in ((REPLACED, lambda path: _put_back_or_remove(path, target)), (PARTIAL, _remove)):
        for path in target.parent.glob(f".{glob.escape(target.name)}.{kind}-*"):
            writer = path.name.rpartition(f"{kind}-")[2].partition("-")[0]
            if not (writer.isdigit() and _is_running(int(writer))):
                settle(path)


def _put_back_or_remove(replaced: Path, target: Path) -> None:
    """Put back what was moved away where nothing took its place."""
    if replaced.exists() and not target.exists():
        os.rename(replaced, target)
    _remove(replaced)


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
