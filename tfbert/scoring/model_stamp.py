"""What tells whether a model's files are the same as before."""

from __future__ import annotations

from os import PathLike
from pathlib import Path


def model_stamp(path: str | PathLike) -> list[list]:
    """Return the name, the size and the time of change of a model's files.

    Args:
        path: Path of a file or a folder.

    Returns:
        List of [str, bytes, nanoseconds]; empty where nothing lies there, as for a name on the hub.
    """
    path = Path(path).expanduser()
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    facts = [(file, file.stat()) for file in files if file.is_file()]
    return [[file.relative_to(path.parent).as_posix(), fact.st_size, fact.st_mtime_ns] for file, fact in facts]
