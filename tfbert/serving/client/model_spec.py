"""ModelSpec: which model, and which version of it."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import quote

from tfbert.option_checks import check_count


@dataclasses.dataclass(frozen=True)
class ModelSpec:
    """A model on a server.

    Args:
        name: str.
        version: int or None, default None, which is the newest.
        label: str or None, default None. A version by its label, such as "stable".

    Raises:
        ValueError: If the name is none, or version and label are both given.

    Example:
        >>> ModelSpec("sentiment", version=3).path
        '/v1/models/sentiment/versions/3'
    """

    name: str
    version: int | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"`model` must be the name that the model is served by. Received: {self.name!r}.")
        check_count("version", self.version, least=0, optional=True)
        if self.label is not None and (not isinstance(self.label, str) or not self.label):
            raise ValueError(f"`label` must be that of a version, such as 'stable', or None. Received: {self.label!r}.")
        if self.version is not None and self.label is not None:
            raise ValueError("`version` and `label` both name a version. Leave one out.")

    @property
    def path(self) -> str:
        """Its path in a REST address."""
        version = "" if self.version is None else f"/versions/{self.version}"
        label = "" if self.label is None else f"/labels/{quote(self.label, safe='')}"
        return f"/v1/models/{quote(self.name, safe='')}{version}{label}"

    def write(self, spec: Any, signature: str = "") -> None:
        """Write it into a request's `model_spec`."""
        spec.name, spec.signature_name = self.name, signature
        if self.version is not None:
            spec.version.value = self.version
        if self.label is not None:
            spec.version_label = self.label

    def __str__(self) -> str:
        version = "" if self.version is None else f", version {self.version}"
        return f"model {self.name!r}{version}" + ("" if self.label is None else f", label {self.label!r}")
