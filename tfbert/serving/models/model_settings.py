"""ModelSettings: which folders a server serves under which names, in which versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from tfbert.export.serving.models_config import CONFIG_FILE, read_models_config

SAVED_MODEL = "saved_model.pb"


@dataclasses.dataclass(frozen=True)
class ModelSettings:
    """What an operator wants of one model.

    Args:
        name: str. What requests call it.
        find: Function that returns the folders of its versions by number, as they are now.
        specific: tuple of int, default (). The versions to serve; none is the latest ones.
        latest: int or None, default 1. How many of the latest to serve; None is all.
        labels: dict from str to int. Names of versions.
    """

    name: str
    find: Callable[[], dict[int, Path]]
    specific: tuple[int, ...] = ()
    latest: int | None = 1
    labels: dict[str, int] = dataclasses.field(default_factory=dict)

    def wanted(self, numbers: Collection[int]) -> list[int]:
        """Return the versions to serve of those that are there, ascending."""
        if self.specific:
            return sorted(set(self.specific) & set(numbers))
        return sorted(numbers)[-(self.latest or len(numbers)) :] if numbers else []


def find_models(path: Path, name: str | None = None) -> dict[str, ModelSettings]:
    """Return what is to be served of a folder.

    Args:
        path: Path of a SavedModel; of a folder with its versions, "1", "2", …; or of a bundle, which holds several such
            folders and perhaps `models.config`.
        name: str or None. What the one model is called; None is its folder's name.

    Returns:
        A dict of `ModelSettings` by name.

    Raises:
        FileNotFoundError: If there is no such folder, or no model in it.
        ValueError: If `models.config` is wrong, or `name` is given for several models.
    """
    path = Path(path).expanduser().absolute()
    if (path / SAVED_MODEL).is_file():
        number = int(path.name) if path.name.isdecimal() else 1
        name = name or (path.parent.name if path.name.isdecimal() else path.name)
        return {name: ModelSettings(name, lambda: {number: path})}
    if (path / CONFIG_FILE).is_file():
        settings = [_configured(path, config) for config in read_models_config(path).model_config_list.config]
    elif versions_in(path):
        settings = [ModelSettings(name or path.name, lambda: versions_in(path))]
    else:
        settings = [_base(folder) for folder in _folders(path) if versions_in(folder)]
    if not settings:
        raise FileNotFoundError(
            f"Nothing to serve at {str(path)!r}. Give a SavedModel, a folder of its versions, or a serving bundle, "
            'as task.export(path, format="serving") writes it.'
        )
    if name is not None:
        if len(settings) > 1:
            raise ValueError(f"`name` is for one model. {str(path)!r} holds {[model.name for model in settings]}.")
        settings = [dataclasses.replace(settings[0], name=name)]
    return {model.name: model for model in settings}


def versions_in(folder: Path) -> dict[int, Path]:
    """Return the version folders of a model by their numbers; other names are passed over."""
    return {int(path.name): path for path in _folders(folder) if path.name.isascii() and path.name.isdecimal()}


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(entry for entry in path.iterdir() if entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _base(folder: Path) -> ModelSettings:
    return ModelSettings(folder.name, lambda: versions_in(folder))


def _configured(root: Path, config: Any) -> ModelSettings:
    """The settings of an entry of `models.config`; a path of the container is that folder beside the file."""
    if not config.name:
        raise ValueError(f"{str(root / CONFIG_FILE)!r} has a model without a name. Write name: in its config.")
    base = Path(config.base_path)
    folder = base if base.is_absolute() and base.is_dir() else root / (base.name or config.name)
    policy = config.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    latest = None if kind == "all" else max(1, policy.latest.num_versions)
    return ModelSettings(
        config.name,
        lambda: versions_in(folder),
        specific=tuple(policy.specific.versions) if kind == "specific" else (),
        latest=latest,
        labels=dict(config.version_labels),
    )
