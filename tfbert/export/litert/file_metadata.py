"""What a LiteRT file says of itself: files that are packed into it, as TFLite's own metadata packs them.

The archive lies behind the model, where interpreters do not look; `unzip model.tflite` shows it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from os import PathLike
from typing import Any

METADATA_NAME = "tfbert.json"
LABELS_NAME = "labels.txt"


def attach_metadata(path: str | PathLike, metadata: Mapping[str, Any]) -> None:
    """Pack metadata into a LiteRT file: `tfbert.json`, and `labels.txt` with one label a line where there are labels.

    Args:
        path: Path of the file, which has none yet.
        metadata: Mapping that `json.dumps` accepts.
    """
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(_entry(METADATA_NAME), json.dumps(metadata, indent=2, sort_keys=True, ensure_ascii=False))
        if "labels" in metadata:
            archive.writestr(_entry(LABELS_NAME), "".join(f"{label}\n" for label in metadata["labels"]))


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
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(METADATA_NAME))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ValueError(
            f"{str(path)!r} is truncated or no LiteRT file of tfbert: {error}. Write one by "
            'task.export("model.tflite", format="litert").'
        ) from error


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry that says nothing of when it was written, so that equal exports are equal files."""
    return zipfile.ZipInfo(name)
