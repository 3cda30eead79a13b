"""Where the report of an export stands."""

from __future__ import annotations

from os import PathLike
from pathlib import Path


def report_path(path: str | PathLike) -> Path:
    """Return where the report of an export stands: beside it.

    Args:
        path: Path of the export.

    Returns:
        The path of the report, which need not exist.

    Example:
        >>> report_path("sentiment.tflite").name
        'sentiment.tflite.report.json'
    """
    return Path(path).with_name(Path(path).name + ".report.json")
