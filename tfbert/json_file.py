"""JSON files: read with the file's name in every error, written so that people can read them."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any


def read_json(path: str | PathLike, kind: type = dict) -> Any:
    """Read a JSON file.

    Args:
        path: Path of the file.
        kind: type, default dict. What the file must hold.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not JSON, or holds something else.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is not valid JSON: {error}.") from error
    if not isinstance(content, kind):
        raise ValueError(f"{str(path)!r} must hold a JSON {kind.__name__}. Received: {type(content).__name__}.")
    return content


def write_json(path: str | PathLike, content: Any) -> None:
    """Write a JSON file with sorted keys.

    Args:
        path: Path of the file.
        content: What `json.dumps` accepts.
    """
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")
