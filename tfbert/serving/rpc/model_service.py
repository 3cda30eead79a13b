"""ModelService: TF Serving's gRPC service about models."""

from __future__ import annotations

from typing import Any

from tfbert.serving.asked import Asked
from tfbert.serving.models.model_store import ModelStore
from tfbert.wire.status import ServingError, Status


class ModelService:
    """Answers the messages of ModelService.

    Args:
        store: `ModelStore`.
    """

    def __init__(self, store: ModelStore):
        self._store = store

    async def get_model_status(self, request: Any, deadline: float, asked: Asked) -> Any:
        """Answer a GetModelStatusRequest."""
        spec = request.model_spec
        if not spec.name:
            raise ServingError(Status.INVALID_ARGUMENT, "Missing ModelSpec: set `model_spec.name`.")
        choice = spec.WhichOneof("version_choice")
        number = spec.version.value if choice == "version" else None
        return self._store.find(spec.name).status(number, spec.version_label if choice == "version_label" else None)

    async def handle_reload_config_request(self, request: Any, deadline: float, asked: Asked) -> Any:
        """Refuse a ReloadConfigRequest: the folder alone says what is served."""
        raise ServingError(Status.UNIMPLEMENTED, "Change `models.config` in the served folder: it is read again.")
