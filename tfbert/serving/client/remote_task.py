"""RemoteTask: a model on a server, as pipelines ask a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tfbert.tasks.fixed_options import check_fixed_options

if TYPE_CHECKING:
    from tfbert.serving.client.client import Client


class RemoteTask:
    """A served model with the options of its export.

    Args:
        client: `Client`.
        task_name: str. A key of `tfbert.tasks.registry.TASKS`.
        metadata: Mapping. What its export wrote, such as "options" and "labels", as far as it is known here.
    """

    def __init__(self, client: Client, task_name: str, metadata: Mapping[str, Any]):
        self.client, self.task_name, self.metadata = client, task_name, metadata

    def predict(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> dict[str, np.ndarray]:
        """Return the answers to texts; see `Client.predict`."""
        return self.client.predict(x, batch_size)

    def label_names(self) -> list[str]:
        """Return the labels by their numbers.

        Raises:
            ValueError: If they are not known here.
        """
        if "labels" not in self.metadata:
            raise ValueError(
                f"{self.client.where} returns numbers without their names. Give what its export wrote into "
                "assets.extra/tfbert.json: Client(…, task=json.load(file))."
            )
        return list(self.metadata["labels"])

    def with_options(self, **changes: Any) -> RemoteTask:
        """Refuse other options than those of the export."""
        if "options" not in self.metadata:
            raise ValueError(
                f"{self.client.where} has the options of its export, which its signature does not tell. Leave "
                f"{sorted(changes)} out; or give what the export wrote into assets.extra/tfbert.json: "
                "Client(…, task=json.load(file))."
            )
        check_fixed_options(changes, self.metadata, self.client.where)
        return self
