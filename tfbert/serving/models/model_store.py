"""ModelStore: the models of a folder, kept as the folder says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tfbert.serving.models.loader import Loader
from tfbert.serving.models.model_keeper import Events, ModelKeeper
from tfbert.serving.models.model_settings import ModelSettings, find_models
from tfbert.serving.models.model_version import MakeBatcher
from tfbert.serving.models.served_model import ServedModel
from tfbert.wire.status import ServingError, Status

CLOSELY = 0.1  # seconds between looks, until something can be served


class ModelStore:
    """Watches a folder, and has its models loaded and unloaded.

    A version is loaded when its folder is whole: nothing was written for `poll_seconds`, or its manifest is right. One
    whose folder changes while it is loaded is tried again, as is one that could not be loaded or is served already,
    once its folder has changed; until then what is served goes on. A version that is no longer wanted goes once another
    one that is wanted is available, so that a model which was served never has none: it goes as a whole only when its
    folder is gone, or `models.config` no longer names it.

    Args:
        path: Path of the folder; see `find_models`.
        make_batcher: Function that makes the queue of a signature.
        note: `Events`.
        forget: Called with the name and number of a version that is not served any more.
        name: str or None. What a single model is called.
        poll_seconds: float, default 1.0. How often the folder is looked at.
    """

    def __init__(
        self,
        path: Path,
        make_batcher: MakeBatcher,
        note: Events,
        forget: Callable[[str, int], None],
        name: str | None = None,
        poll_seconds: float = 1.0,
    ):
        self._path, self._name, self._note, self._forget = path, name, note, forget
        self._poll_seconds = poll_seconds
        self._loader = Loader()
        self._keeper = ModelKeeper(self._loader, make_batcher, note, self._unloaded, poll_seconds)
        self._complaints: dict[str, str] = {}  # of the whole folder under "", and of models by their names
        self.models: dict[str, ServedModel] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a version is being loaded, which cannot be stopped."""
        return self._loader.is_busy

    @property
    def is_ready(self) -> bool:
        """Whether every model has a version that is available."""
        return bool(self.models) and all(model.available for model in self.models.values())

    def find(self, name: str) -> ServedModel:
        """Return a model.

        Raises:
            ServingError: NOT_FOUND if there is none of that name.
        """
        if name not in self.models:
            raise ServingError(Status.NOT_FOUND, f"Servable not found for request. Served are: {sorted(self.models)}.")
        return self.models[name]

    async def start(self) -> None:
        """Load what is there.

        Raises:
            FileNotFoundError, ValueError: If there is nothing to serve, or none of it can be loaded.
        """
        await self._loader.run(find_models, self._path, self._name)  # its errors are raised here, and logged later
        await self.poll()
        while not any(model.available for model in self.models.values()):
            states = [state for model in self.models.values() for state in model.states.values()]
            errors = [error for error in (*self._complaints.values(), *(state.error for state in states)) if error]
            if errors:
                raise ValueError(f"Nothing at {str(self._path)!r} can be served. {errors[0]}")
            await asyncio.sleep(min(CLOSELY, self._poll_seconds))
            await self.poll()

    async def watch(self) -> None:
        """Look at the folder again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._poll_seconds)
            await self.poll()

    async def poll(self) -> None:
        """Look at the folder, and do what is to be done."""
        served = [model.settings for model in self.models.values() if model.available]
        try:
            settings = await self._loader.run(find_models, self._path, self._name, served)
        except Exception as error:  # what is served stays so, until the folder can be read again
            self._complain("", error)
            return
        self._complaints.pop("", None)
        for name, wanted in settings.items():
            await self._update(name, wanted)
        for name in set(self.models) - set(settings):
            self._complaints.pop(name, None)
            model = self.models.pop(name)
            for number in list(model.available):
                self._keeper.let_go(model, number)

    async def _update(self, name: str, settings: ModelSettings) -> None:
        """Make a model what its settings say; one that cannot be read holds up no other."""
        model = self.models.setdefault(name, ServedModel(settings))
        model.settings = settings
        try:
            await self._keeper.update(model)
        except Exception as error:
            self._complain(name, error)
        else:
            self._complaints.pop(name, None)

    async def close(self) -> None:
        """Stop; what is being loaded is not waited for."""
        await self._keeper.close()
        self._loader.close()

    def _complain(self, name: str, error: Exception) -> None:
        """Note what is wrong with a folder, once."""
        if self._complaints.get(name) != str(error):
            self._complaints[name] = str(error)
            self._note("models_not_read", model=name, error=str(error))

    def _unloaded(self, name: str, number: int) -> None:
        if name not in self.models or number not in self.models[name].available:
            self._forget(name, number)
