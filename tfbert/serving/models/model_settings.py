"""ModelSettings: which folders a server serves under which names, in which versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tfbert.export.serving.models_config import CONFIG_FILE, model_folder, read_models_config
from tfbert.export.serving.version_numbers import version_folders, version_of

SAVED_MODEL = "saved_model.pb"


@dataclasses.dataclass(frozen=True)
class ModelSettings:
    """What an operator wants of one model.

    Args:
        name: str. What requests call it.
        folder: Path of the folder of its versions; or of the SavedModel itself where `number` is given.
        number: int or None, default None. The version that the SavedModel is served as.
        is_configured: bool, default False. Whether `models.config` names it.
        specific: tuple of int, default (). The versions to serve; none is the latest ones.
        latest: int or None, default 1. How many of the latest to serve; None is all.
        labels: dict from str to int. Names of versions.
    """

    name: str
    folder: Path
    number: int | None = None
    is_configured: bool = False
    specific: tuple[int, ...] = ()
    latest: int | None = 1
    labels: dict[str, int] = dataclasses.field(default_factory=dict)

    def find(self) -> dict[int, Path]:
        """Return the folders of its versions by number, as they are now; other names are passed over."""
        if self.number is not None:
            return {self.number: self.folder}
        return version_folders(self.folder)

    def wanted(self, numbers: Collection[int]) -> list[int]:
        """Return the versions to serve of those that are there, ascending."""
        if self.specific:
            return sorted(set(self.specific) & set(numbers))
        return sorted(numbers)[-(self.latest or len(numbers)) :] if numbers else []


def find_models(
    path: Path, name: str | None = None, served: Collection[ModelSettings] = ()
) -> dict[str, ModelSettings]:
    """Return what is to be served of a folder.

    Args:
        path: Path of a SavedModel; of a folder with its versions, "1", "2", …; or of a bundle, which holds several such
            folders and perhaps `models.config`.
        name: str or None. What the one model is called; None is its folder's name.
        served: `ModelSettings` of what is served now. A model stays as long as its folder is there, though no version
            may be in it for a moment; so does one of `models.config` while that file is gone.

    Returns:
        A dict of `ModelSettings` by name.

    Raises:
        FileNotFoundError: If there is no such folder, or no model in it.
        ValueError: If `models.config` is wrong, or `name` is given for several models.
    """
    path = Path(path).expanduser().absolute()
    if (path / SAVED_MODEL).is_file():
        settings = [_single(path)]
    elif (path / CONFIG_FILE).is_file():
        settings = [_configured(path, config) for config in read_models_config(path).model_config_list.config]
    elif any(model.is_configured for model in served):
        raise FileNotFoundError(
            f"{str(path / CONFIG_FILE)!r} is gone. Put it back; what it named is served until then."
        )
    elif version_folders(path):
        settings = [ModelSettings(path.name, path)]
    else:
        stay = {model.folder for model in served}
        settings = [
            ModelSettings(folder.name, folder) for folder in _folders(path) if folder in stay or _has_versions(folder)
        ]
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


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(entry for entry in path.iterdir() if entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _has_versions(folder: Path) -> bool:
    try:
        return bool(version_folders(folder))
    except OSError:  # one that cannot be read holds up no other
        return False


def _single(path: Path) -> ModelSettings:
    """The settings of a SavedModel, which may be a version in its model's folder."""
    number = version_of(path.name)
    return ModelSettings(path.name, path, 1) if number is None else ModelSettings(path.parent.name, path, number)


def _configured(root: Path, config: Any) -> ModelSettings:
    """The settings of an entry of `models.config`."""
    if not config.name:
        raise ValueError(f"{str(root / CONFIG_FILE)!r} has a model without a name. Write name: in its config.")
    policy = config.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    return ModelSettings(
        config.name,
        model_folder(root, config),
        is_configured=True,
        specific=tuple(policy.specific.versions) if kind == "specific" else (),
        latest=None if kind == "all" else max(1, policy.latest.num_versions),
        labels=dict(config.version_labels),
    )
