"""The settings that lie with a checkpoint: `config.json`, Google's `bert_config.json`, or those in a `.keras` file."""

from __future__ import annotations

import json
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.json_file import read_json

CONFIG_FILES = ("config.json", "bert_config.json")
METADATA_FILE = "assets.extra/tfbert.json"  # of an exported SavedModel: its task, and the config of its model


def read_config_values(location: str | PathLike) -> dict[str, Any]:
    """Read the settings of a checkpoint.

    Args:
        location: Path of a folder, of one file in it, of the JSON file itself, or of a `.keras` file, which has its
            own, or of an exported SavedModel.

    Returns:
        A dict.

    Raises:
        FileNotFoundError: If there are none.
        ValueError: If the file is no JSON object, or no archive of a BERT.

    Example:
        >>> read_config_values("path/to/checkpoint")["hidden_size"]  # doctest: +SKIP
    """
    path = Path(location)
    if path.is_file() and path.suffix == ".keras":
        return _of_archive(path)
    if path.is_file() and path.suffix == ".json" and not path.name.endswith(".index.json"):
        return read_json(path)
    lies_in_folder = path.is_file() or Path(f"{path}.index").is_file()
    folder = path.parent if lies_in_folder else path
    for name in CONFIG_FILES:
        if (folder / name).is_file():
            return read_json(folder / name)
    if (folder / METADATA_FILE).is_file() and "config" in (metadata := read_json(folder / METADATA_FILE)):
        return metadata["config"]
    archives = list(folder.glob("*.keras"))
    if len(archives) == 1:
        return _of_archive(archives[0])
    raise FileNotFoundError(
        f"No `config.json` at {str(location)!r}, and no `bert_config.json`. Give the folder of a BERT checkpoint, "
        "which holds one beside the weights, or write from_pretrained(..., config=BertConfig(...))."
    )


def _of_archive(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            values = _first_config(json.loads(archive.read("config.json")))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ValueError(f"{str(path)!r} is truncated or no .keras archive of tfbert: {error}.") from error
    if values is None:
        raise ValueError(f"{str(path)!r} holds no model or task of tfbert.")
    return values


def _first_config(content: Any) -> dict[str, Any] | None:
    """Return the settings of a model, however deep in a task they lie."""
    if not isinstance(content, dict):
        return None
    if content.get("model_type") == "bert":
        return content
    return next((found for value in content.values() if (found := _first_config(value))), None)
