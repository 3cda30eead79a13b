"""The manifest of a version folder: the SHA-256 of each of its files, so that a half copied one is never served."""

from __future__ import annotations

import hashlib
from os import PathLike
from pathlib import Path, PurePosixPath

from tfbert.json_file import read_json, write_json

MANIFEST_FILE = "assets.extra/manifest.json"


def write_manifest(folder: str | PathLike) -> None:
    """Write the manifest of all files of a version folder; nothing else is to be written into it afterwards.

    Args:
        folder: Path of the version folder.
    """
    folder = Path(folder)
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    files.pop(MANIFEST_FILE, None)
    (folder / MANIFEST_FILE).parent.mkdir(exist_ok=True)
    write_json(folder / MANIFEST_FILE, {"files": {name: _digest(path) for name, path in files.items()}})


def check_manifest(folder: str | PathLike) -> None:
    """Refuse a version folder that lacks a file of its manifest, or holds another one in its place.

    Files that the manifest does not name are passed over, such as the batching parameters of one model, which
    operators add. So is a folder without a manifest.

    Args:
        folder: Path of the version folder.

    Raises:
        ValueError: If a file is missing or differs, or the manifest itself is damaged; the message names the first.
    """
    folder = Path(folder)
    if not (folder / MANIFEST_FILE).is_file():
        return
    for name, digest in sorted(_files(folder).items()):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"The manifest of {str(folder)!r} names {name!r}, which lies outside. Export it again.")
        if not (folder / path).is_file():
            raise ValueError(f"{str(folder)!r} lacks {name!r}, a file of its manifest. Copy it again, as a whole.")
        if _digest(folder / path) != digest:
            raise ValueError(f"{name!r} in {str(folder)!r} is not the file that was exported. Copy it again.")


def is_whole(folder: str | PathLike) -> bool:
    """Whether a version folder has a manifest, and every file of it.

    Args:
        folder: Path of the version folder.

    Returns:
        bool.
    """
    try:
        check_manifest(folder)
    except (OSError, ValueError):
        return False
    return (Path(folder) / MANIFEST_FILE).is_file()


def _files(folder: Path) -> dict[str, str]:
    """The digests of a manifest by name."""
    files = read_json(folder / MANIFEST_FILE).get("files")
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        raise ValueError(f'{str(folder / MANIFEST_FILE)!r} must hold {{"files": {{name: SHA-256}}}}.')
    return files


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
