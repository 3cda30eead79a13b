"""Version folders: whether one is whole, and what it holds."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from tfbert.config_file import METADATA_FILE
from tfbert.export.serving.manifest import MANIFEST_FILE
from tfbert.json_file import read_json
from tfbert.serving.models.model_settings import SAVED_MODEL

Fingerprint = tuple[tuple[str, int, int, int], ...]


def fingerprint(folder: Path) -> Fingerprint:
    """Return the names, sizes and times of all files of a folder: what differs where it changed.

    Args:
        folder: Path.

    Returns:
        A tuple of (name, size, time of its content, time of its entry), in order.
    """
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            try:
                stat = os.stat(path)
            except OSError:
                continue  # removed between the two calls, so that the next look differs; or a link that leads nowhere
            found.append((os.path.relpath(path, folder), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return tuple(sorted(found))


def seems_whole(found: Fingerprint, quiet: float) -> bool:
    """Whether nothing of a folder was written for a while, or its manifest, which is written last, is there.

    Args:
        found: What `fingerprint` returned.
        quiet: float. Seconds.

    Returns:
        bool. What has a manifest is checked by it later.
    """
    names = {name for name, *_ in found}
    if SAVED_MODEL not in names:
        return False
    newest = max(changed for *_, changed in found)  # copying may keep a file's own time, not that of its entry
    return MANIFEST_FILE in names or time.time() - newest / 1e9 >= quiet


def read_metadata(folder: Path) -> dict[str, Any]:
    """Return what tfbert wrote of an exported task; nothing for other SavedModels."""
    path = folder / METADATA_FILE
    return read_json(path) if path.is_file() else {}
