"""BundleModel: a model of a bundle in the newest version that is served, as its own files describe it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Self

from tfbert.config_file import METADATA_FILE
from tfbert.export.serving.models_config import dns_name, model_folder
from tfbert.export.serving.probe_rows import Columns, longest_row
from tfbert.export.serving.recorded_answers import read_answers
from tfbert.export.serving.version_numbers import version_folders
from tfbert.json_file import read_json


@dataclasses.dataclass(frozen=True, kw_only=True)
class BundleModel:
    """One model.

    Args:
        name: str. What requests call it.
        folder: Path of the version; its name is the number.
        task: str. Such as "text-classification".
        inputs: list of str. The text inputs, in their order.
        is_compiled: bool. Whether XLA compiles it.
        takes_several: bool. Whether an input has several texts a row, [B, C].
        signatures: list of str.
        row: dict of text columns of one row, to ask it with.
    """

    name: str
    folder: Path
    task: str
    inputs: list[str]
    is_compiled: bool
    takes_several: bool
    signatures: list[str]
    row: Columns

    @classmethod
    def of(cls, root: Path, entry: Any) -> Self | None:
        """Return the model of an entry of `models.config`; None where the bundle holds none that tfbert exported."""
        folders = version_folders(model_folder(root, entry))
        chosen = set(entry.model_version_policy.specific.versions)
        for number in sorted(folders, key=lambda number: (number in chosen, number), reverse=True):
            try:
                if (recorded := read_answers(folders[number])) is not None:
                    metadata = read_json(folders[number] / METADATA_FILE)
                    break
            except (OSError, ValueError):
                continue  # half copied; `tfbert verify` says so
        else:
            return None
        columns = {name: recorded["columns"][name] for name in metadata["inputs"]}
        return cls(
            name=entry.name,
            folder=folders[number],
            task=metadata["task"],
            inputs=metadata["inputs"],
            is_compiled=metadata["jit_compile"],
            takes_several=any(isinstance(text, list) for column in columns.values() for text in column),
            signatures=sorted(recorded["answers"]),
            row=longest_row(columns),
        )

    @property
    def dns_name(self) -> str:
        """The name as Kubernetes allows names."""
        return dns_name(self.name)


def bundle_models(root: Path, config: Any) -> list[BundleModel]:
    """Return the models of a bundle that tfbert exported.

    Args:
        root: Path of the bundle.
        config: `message("ModelServerConfig")`, what its `models.config` says.

    Returns:
        A list of `BundleModel`, in the order of the config.
    """
    found = (BundleModel.of(root, entry) for entry in config.model_config_list.config)
    return [model for model in found if model is not None]
