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
LONGEST_NAME = 100
NAMES = re.compile(rf"[a-zA-Z0-9_-]{{1,{LONGEST_NAME}}}")
LONGEST_DNS_NAME = 40  # of Kubernetes' 63, so that it and KServe can add what they add


def check_model_name(name: Any) -> str:
    """Return a model's name; refuse one that is no part of a URL and no name of a folder.

    Args:
        name: str.

    Returns:
        The name.

    Raises:
        ValueError: If it holds anything but letters, digits, "_" and "-", more than 100 of them, or is a number, as
            versions are.
    """
    if not isinstance(name, str) or not NAMES.fullmatch(name) or name.isdecimal():
        raise ValueError(
            f"`name` must be of letters, digits, '_' and '-', at most {LONGEST_NAME} of them, such as 'sentiment', and "
            f"no number, as versions are. Received: {name!r}."
        )
    return name


def dns_name(name: str) -> str:
    """Return a model's name as Kubernetes allows names: small letters, digits and "-", beginning with a letter.

    Args:
        name: str.

    Returns:
        str of at most 40 characters.

    Example:
        >>> dns_name("Moods_2"), dns_name("2_"), dns_name("_")
        ('moods-2', 'm-2', 'm')
    """
    plain = name.lower().replace("_", "-").strip("-")
    if not plain[:1].isalpha():
        plain = f"m-{plain}"
    return plain[:LONGEST_DNS_NAME].strip("-")


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
    """Say in a config that a model is to be served in this version, and in those that labels name.

    The first version of a model is labelled "stable". Labels stay where they are: a server that is told to move one to
    a version that it has not loaded yet refuses the whole config. A policy that is none of single versions stays, too.

    Args:
        config: `message("ModelServerConfig")`, which is changed.
        name: str. The model.
        version: int. The newest.
    """
    models = config.model_config_list.config
    model = next((model for model in models if model.name == name), None)
    if model is None:
        model = models.add(name=name, base_path=f"{MODELS_FOLDER}/{name}", model_platform=PLATFORM)
        model.version_labels[STABLE] = version
    if model.model_version_policy.WhichOneof("policy_choice") in (None, "specific"):
        versions = model.model_version_policy.specific.versions
        versions[:] = sorted({*model.version_labels.values(), version})


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
