"""What a LiteRT file says of itself: files that are packed into it, as TFLite's own metadata packs them.

The archive lies behind the model, where interpreters do not look; `unzip model.tflite` shows it.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import zipfile
import zlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

METADATA_NAME = "tfbert.json"
LABELS_NAME = "labels.txt"
READ_AT_ONCE = 1 << 20
# What `zipfile` raises for damaged archives, of which some seem to be encrypted or compressed.
UNREADABLE = (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError, RuntimeError, zlib.error, lzma.LZMAError)


def attach_metadata(path: str | PathLike, metadata: Mapping[str, Any]) -> None:
    """Pack metadata into a LiteRT file: `tfbert.json`, and `labels.txt` with one label a line where there are labels.

    `tfbert.json` also gets the size of the model in bytes and its SHA-256. A line break within a label is a blank in
    `labels.txt`.

    Args:
        path: Path of the file, which has none yet.
        metadata: Mapping that `json.dumps` accepts.
    """
    size = Path(path).stat().st_size
    content = {**metadata, "model_size": size, "model_sha256": _sha256(path, size)}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(METADATA_NAME, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False))
        if "labels" in metadata:
            archive.writestr(LABELS_NAME, "".join(f"{_one_line(label)}\n" for label in metadata["labels"]))


def read_metadata(path: str | PathLike) -> dict[str, Any]:
    """Return the metadata of a LiteRT file.

    Args:
        path: Path of the file.

    Returns:
        A dict.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it has no metadata of tfbert.
    """
    with Path(path).open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return json.loads(archive.read(METADATA_NAME))
        except UNREADABLE as error:
            raise ValueError(
                f"{str(path)!r} is truncated or no LiteRT file of tfbert: {str(error) or 'it ends early'}. Write one "
                'by task.export("model.tflite", format="litert").'
            ) from error


def check_model(path: str | PathLike, metadata: Mapping[str, Any]) -> None:
    """Refuse a LiteRT file whose model is not the one that was exported: interpreters crash on damaged ones.

    Args:
        path: Path of the file.
        metadata: Mapping, what `read_metadata` returned.

    Raises:
        ValueError: If a byte of the model differs.
    """
    if metadata.get("model_sha256") != _sha256(path, metadata.get("model_size", 0)):
        raise ValueError(f"{str(path)!r} is damaged: its content is not what was exported. Export it again.")


def _sha256(path: str | PathLike, size: int) -> str:
    """The SHA-256 of the first bytes of a file."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while part := file.read(min(size, READ_AT_ONCE)):
            digest.update(part)
            size -= len(part)
    return digest.hexdigest()


def _one_line(label: str) -> str:
    return " ".join(label.splitlines())
