"""ModelStore: watches folders, loads new versions beside the old ones, and swaps them without losing a request."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from tfbert.serving.models.model_settings import ModelSettings, find_models
from tfbert.serving.models.model_version import MakeBatcher, ModelVersion
from tfbert.serving.models.served_model import AVAILABLE, END, LOADING, UNLOADING, ServedModel, VersionState
from tfbert.serving.models.version_folder import fingerprint, seems_whole
from tfbert.wire.status import ServingError, Status

CLOSELY = 0.1  # seconds between looks, until something can be served


class Events(Protocol):
    """Where the store says what happens."""

    def __call__(self, event: str, **facts: object) -> None:
        """Note an event."""


class ModelStore:
    """The models of a folder, kept as the folder says.

    A version is loaded when its folder is whole: nothing was written for `poll_seconds`, or its manifest is right. One
    that cannot be loaded is passed over until its folder changes; the others go on. A version that is no longer wanted
    goes once another one that is wanted is available, so that a model which was served never has none.

    Args:
        path: Path of the folder; see `find_models`.
        make_batcher: Function that makes the queue of a signature.
        note: `Events`.
        name: str or None. What a single model is called.
        poll_seconds: float, default 1.0. How often the folder is looked at.
    """

    def __init__(
        self, path: Path, make_batcher: MakeBatcher, note: Events, name: str | None = None, poll_seconds: float = 1.0
    ):
        self._path, self._name, self._make_batcher, self._note = path, name, make_batcher, note
        self._poll_seconds = poll_seconds
        self._loader = ThreadPoolExecutor(1, "tfbert-load")
        self._going: set[asyncio.Task] = set()
        self._complaint = ""
        self.models: dict[str, ServedModel] = {}

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
        await self._in_loader(find_models, self._path, self._name)  # its errors are raised here, and logged later
        await self.poll()
        while not any(model.available for model in self.models.values()):
            states = [state for model in self.models.values() for state in model.states.values()]
            errors = [error for error in (self._complaint, *(state.error for state in states)) if error]
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
        try:
            await self._follow(await self._in_loader(find_models, self._path, self._name))
            self._complaint = ""
        except Exception as error:  # what is served stays so, until the folder can be read again
            self._complain(error)

    async def _follow(self, settings: dict[str, ModelSettings]) -> None:
        """Make the models what the settings say."""
        for name, wanted in settings.items():
            model = self.models.setdefault(name, ServedModel(wanted))
            model.settings = wanted
            await self._update(model)
        for name in set(self.models) - set(settings):
            model = self.models.pop(name)
            for number in list(model.available):
                self._let_go(model, number)

    async def close(self) -> None:
        """Wait for what is going on, and stop."""
        if self._going:
            await asyncio.wait(self._going)
        self._loader.shutdown(wait=True)

    def _complain(self, error: Exception) -> None:
        """Note what is wrong with the folder, once."""
        if self._complaint != str(error):
            self._complaint = str(error)
            self._note("models_not_read", error=self._complaint)

    async def _in_loader(self, function, *arguments):
        return await asyncio.get_running_loop().run_in_executor(self._loader, function, *arguments)

    async def _update(self, model: ServedModel) -> None:
        folders = await self._in_loader(model.settings.find)
        found = {
            number: await self._in_loader(fingerprint, folder)
            for number, folder in folders.items()
            if number not in model.available
        }
        sound = [
            number
            for number in folders
            if number in model.available
            or (seems_whole(found[number], self._poll_seconds) and not self._has_failed(model, number, found[number]))
        ]
        wanted = model.settings.wanted(sound)
        for number in sorted(set(wanted) - set(model.available)):
            await self._load(model, number, folders[number], found[number])
        model.update_labels()
        if set(wanted) & set(model.available):
            for number in set(model.available) - set(wanted):
                self._let_go(model, number)
        for number in set(model.states) - set(folders):
            if model.states[number].state == END:
                del model.states[number]

    def _has_failed(self, model: ServedModel, number: int, found) -> bool:
        state = model.states.get(number)
        return state is not None and state.error != "" and state.found == found

    async def _load(self, model: ServedModel, number: int, folder: Path, found) -> None:
        name = model.settings.name
        model.states[number] = VersionState(LOADING)
        started = asyncio.get_running_loop().time()
        try:
            version = await self._in_loader(_loaded, name, number, folder)
        except Exception as error:
            reason = " ".join(str(error).split())[:500]
            model.states[number] = VersionState(END, f"{type(error).__name__}: {reason}", found)
            self._note("version_failed", model=name, version=number, error=model.states[number].error)
            return
        version.make_batchers(self._make_batcher)
        model.available[number] = version
        model.states[number] = VersionState(AVAILABLE)
        seconds = asyncio.get_running_loop().time() - started
        self._note("version_available", model=name, version=number, seconds=round(seconds, 3))

    def _let_go(self, model: ServedModel, number: int) -> None:
        version = model.available.pop(number)
        model.states[number] = VersionState(UNLOADING)
        model.update_labels()
        task = asyncio.get_running_loop().create_task(self._unload(model, version))
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def _unload(self, model: ServedModel, version: ModelVersion) -> None:
        """Give the memory back once the last request is answered."""
        while version.requests:
            await asyncio.sleep(CLOSELY)
        number = version.number
        version.release()
        await self._in_loader(gc.collect)  # a loaded SavedModel refers to itself
        if model.states[number].state == UNLOADING:
            model.states[number] = VersionState(END)
        self._note("version_unloaded", model=model.settings.name, version=number)


def _loaded(name: str, number: int, folder: Path) -> ModelVersion:
    version = ModelVersion(name, number, folder)
    version.warm_up()
    return version
