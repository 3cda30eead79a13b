"""`models.config`: which versions of which models a server serves. Operators edit it, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from tfbert.export.staging import staged_path
from tfbert.wire.messages import message

CONFIG_FILE = "models.config"
MODELS_FOLDER = "/models"  # where the stock image mounts the bundle
PLATFORM = "tensorflow"
STABLE = "stable"
NAMES = re.compile(r"[a-zA-Z0-9_-]+")


def check_model_name(name: Any) -> str:
    """Return a model's name; refuse one that is no part of a URL and no name of a folder.

    Args:
        name: str.

    Returns:
        The name.

    Raises:
        ValueError: If it holds anything but letters, digits, "_" and "-", or is a number, as versions are.
    """
    if not isinstance(name, str) or not NAMES.fullmatch(name) or name.isdecimal():
        raise ValueError(
            "`name` must be of letters, digits, '_' and '-', such as 'sentiment', and no number, as versions are. "
            f"Received: {name!r}."
        )
    return name


def read_models_config(root: Path) -> Any:
    """Return what `models.config` of a bundle says; nothing where there is none.

    Args:
        root: Path of the bundle.

    Returns:
        `message("ModelServerConfig")`.

    Raises:
        ValueError: If it cannot be read; the message says where.
    """
    config, path = message("ModelServerConfig")(), root / CONFIG_FILE
    if not path.is_file():
        return config
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), config)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise ValueError(f"{str(path)!r} is no text of a ModelServerConfig: {error}. Repair or remove it.") from error


def model_folder(root: Path, entry: Any) -> Path:
    """Return the folder of a model's versions: its base path where that is there, else the folder of that name beside.

    Args:
        root: Path of the bundle, whose `models.config` names paths inside the container.
        entry: An entry of its `model_config_list`.

    Returns:
        The path, which need not exist.
    """
    base = Path(entry.base_path)
    return base if base.is_absolute() and base.is_dir() else root / (base.name or entry.name)


def serve_version(config: Any, name: str, version: int) -> None:
    """Say in a config that a model is to be served in this version, labelled "stable".

    Versions that other labels name stay, and so does a policy that is none of single versions.

    Args:
        config: `message("ModelServerConfig")`, which is changed.
        name: str. The model.
        version: int.
    """
    models = config.model_config_list.config
    model = next((model for model in models if model.name == name), None) or models.add(
        name=name, base_path=f"{MODELS_FOLDER}/{name}", model_platform=PLATFORM
    )
    model.version_labels[STABLE] = version
    if model.model_version_policy.WhichOneof("policy_choice") in (None, "specific"):
        versions = model.model_version_policy.specific.versions
        versions[:] = sorted({*model.version_labels.values()})


def write_models_config(root: Path, config: Any) -> None:
    """Put a config in the place of the one before, in one step.

    Args:
        root: Path of the bundle.
        config: `message("ModelServerConfig")`.
    """
    with staged_path(root / CONFIG_FILE, overwrite=True) as path:
        path.write_text(_text_of(config), encoding="utf-8")


def _text_of(config: Any) -> str:
    """A config as text, the versions and labels of each model in one line, so that one line is changed for both."""
    lines = ["model_config_list {"]
    for model in config.model_config_list.config:
        rest = type(model)()
        rest.CopyFrom(model)
        lines.append("  config {")
        for field in ("name", "base_path", "model_platform"):
            value = text_format.MessageToString(type(model)(**{field: getattr(model, field)}), as_utf8=True).strip()
            lines += [f"    {value}"] * bool(value)
            rest.ClearField(field)
        lines += [f"    {text_format.MessageToString(rest, as_one_line=True, as_utf8=True)}", "  }"]
    return "\n".join([*lines, "}", ""])
