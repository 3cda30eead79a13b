"""ServedModel: the versions of one model, those that are available and what became of the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from tfbert.serving.models.model_settings import ModelSettings
from tfbert.serving.models.model_version import ModelVersion
from tfbert.serving.models.version_folder import Fingerprint
from tfbert.wire.messages import message
from tfbert.wire.status import ServingError, Status

LOADING, AVAILABLE, UNLOADING, END = "LOADING", "AVAILABLE", "UNLOADING", "END"


@dataclasses.dataclass
class VersionState:
    """Where a version stands.

    Args:
        state: str. One of TF Serving's states: "LOADING", "AVAILABLE", "UNLOADING", "END".
        error: str, default "". Why it could not be loaded.
        found: The `Fingerprint` of the folder when it was last tried, whatever came of it.
    """

    state: str
    error: str = ""
    found: Fingerprint | None = None


class ServedModel:
    """One model.

    Args:
        settings: `ModelSettings`.

    Attributes:
        available: dict of `ModelVersion` by number.
        states: dict of `VersionState` by number.
        labels: dict from str to int. The labels that name available versions.
    """

    def __init__(self, settings: ModelSettings):
        self.settings = settings
        self.available: dict[int, ModelVersion] = {}
        self.states: dict[int, VersionState] = {}
        self.labels: dict[str, int] = {}

    def find(self, number: int | None = None, label: str | None = None) -> ModelVersion:
        """Return a version; without number or label the latest.

        Raises:
            ServingError: NOT_FOUND if it is not available, INVALID_ARGUMENT if there is no such label.
        """
        if label is not None:
            if label not in self.labels:
                raise ServingError(
                    Status.INVALID_ARGUMENT,
                    f"Model {self.settings.name!r} has no such version label. It has: {sorted(self.labels)}.",
                )
            number = self.labels[label]
        if not self.available or (number is not None and number not in self.available):
            raise ServingError(
                Status.NOT_FOUND,
                f"Model {self.settings.name!r} has no such version available. It has: {sorted(self.available)}.",
            )
        return self.available[max(self.available) if number is None else number]

    def tried(self, number: int) -> Fingerprint | None:
        """Return what the folder of a version was when it was last tried; None if that is over, or never was."""
        return self.states[number].found if number in self.states else None

    def note_unloaded(self, number: int) -> None:
        """Say that a version is out of memory, unless it came back in the meantime."""
        if number in self.states and self.states[number].state == UNLOADING:
            self.states[number] = VersionState(END)

    def forget_ended(self, there: Collection[int]) -> None:
        """Forget what became of versions that are not in memory and not in the folder any more."""
        for number in set(self.states) - set(self.available) - set(there):
            if self.states[number].state != UNLOADING:
                del self.states[number]

    def update_labels(self) -> None:
        """Let labels name what the settings say, as far as it is available; others stay where they were."""
        wanted = self.settings.labels
        named = {label: number for label, number in self.labels.items() if label in wanted}
        named |= {label: number for label, number in wanted.items() if number in self.available}
        self.labels = {label: number for label, number in named.items() if number in self.available}

    def status(self, number: int | None = None, label: str | None = None) -> Any:
        """Return a GetModelStatusResponse, the latest version first.

        Raises:
            ServingError: NOT_FOUND if there is no such version.
        """
        if label is not None:
            number = self.find(label=label).number
        response = message("GetModelStatusResponse")()
        for version, state in sorted(self.states.items(), reverse=True):
            if number in (None, version):
                entry = response.model_version_status.add(version=version)
                entry.state = entry.DESCRIPTOR.enum_types_by_name["State"].values_by_name[state.state].number
                entry.status.SetInParent()
                if state.error:
                    entry.status.error_code, entry.status.error_message = Status.UNKNOWN.code, state.error
        if not response.model_version_status:
            raise ServingError(
                Status.NOT_FOUND,
                f"Could not find such a version of model {self.settings.name!r}. It has: {sorted(self.states)}.",
            )
        return response
