"""ModelKeeper: loads the versions of a model beside the old ones, and swaps them without losing a request."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tfbert.serving.models.loader import Loader
from tfbert.serving.models.model_version import MakeBatcher, ModelVersion
from tfbert.serving.models.served_model import AVAILABLE, END, LOADING, UNLOADING, ServedModel, VersionState
from tfbert.serving.models.version_folder import Fingerprint, fingerprint, seems_whole

PAUSE = 0.1  # seconds between looks whether the last request of a version is answered
LONGEST = 500  # characters of an error that are told


class Events(Protocol):
    """Where it is said what happens."""

    def __call__(self, event: str, **facts: object) -> None:
        """Note an event."""


class ModelKeeper:
    """Makes what is available of a model what its settings and its folder say.

    Args:
        loader: `Loader`.
        make_batcher: Function that makes the queue of a signature.
        note: `Events`.
        unloaded: Called with the name and number of a version that was unloaded.
        quiet_seconds: float. How long nothing must have been written to a folder without a manifest.
    """

    def __init__(
        self,
        loader: Loader,
        make_batcher: MakeBatcher,
        note: Events,
        unloaded: Callable[[str, int], None],
        quiet_seconds: float,
    ):
        self._loader, self._make_batcher, self._note, self._unloaded = loader, make_batcher, note, unloaded
        self._quiet_seconds = quiet_seconds
        self._going: set[asyncio.Task] = set()

    async def update(self, model: ServedModel) -> None:
        """Load what is wanted and new, and let go what is not wanted any more.

        A version whose folder changed is new, too: it is loaded again, and takes its own place.

        Args:
            model: `ServedModel`.

        Raises:
            OSError: If its folder cannot be read.
        """
        folders = await self._loader.run(model.settings.find)
        found = {number: await self._loader.run(fingerprint, folder) for number, folder in folders.items()}
        new = {
            number
            for number in folders
            if found[number] != model.tried(number) and seems_whole(found[number], self._quiet_seconds)
        }
        wanted = set(model.settings.wanted(new | (set(model.available) & set(folders))))
        for number in sorted(wanted & new):
            await self._load(model, number, folders[number], found[number])
        model.update_labels()
        if wanted & set(model.available):
            for number in set(model.available) - wanted:
                self.let_go(model, number)
        model.forget_ended(folders)

    async def _load(self, model: ServedModel, number: int, folder: Path, found: Fingerprint) -> None:
        name, before = model.settings.name, model.available.get(number)
        if before is None:
            model.states[number] = VersionState(LOADING)
        version, failure = None, ""
        started = asyncio.get_running_loop().time()
        try:
            version = await self._loader.run(_loaded, name, number, folder)
        except Exception as error:
            failure = f"{type(error).__name__}: {' '.join(str(error).split())[:LONGEST]}"
        if await self._loader.run(fingerprint, folder) != found:
            self._note("version_changed", model=name, version=number)  # half-written; the next look tries again
        elif version is None:
            # One that is available goes on as it was.
            state = VersionState(END, failure, found) if before is None else VersionState(AVAILABLE, found=found)
            model.states[number] = state
            self._note("version_failed", model=name, version=number, error=failure)
        else:
            version.make_batchers(self._make_batcher)
            model.available[number] = version
            model.states[number] = VersionState(AVAILABLE, found=found)
            seconds = asyncio.get_running_loop().time() - started
            self._note("version_available", model=name, version=number, seconds=round(seconds, 3))
            if before is not None:
                self._start_unloading(model, before)

    def let_go(self, model: ServedModel, number: int) -> None:
        """Give no more requests to a version; it is unloaded once the last one is answered."""
        version = model.available.pop(number)
        model.states[number] = VersionState(UNLOADING)
        model.update_labels()
        self._start_unloading(model, version)

    def _start_unloading(self, model: ServedModel, version: ModelVersion) -> None:
        task = asyncio.get_running_loop().create_task(self._unload(model, version))
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def _unload(self, model: ServedModel, version: ModelVersion) -> None:
        while version.requests:
            await asyncio.sleep(PAUSE)
        version.release()
        await self._loader.run(gc.collect)  # a loaded SavedModel refers to itself
        model.note_unloaded(version.number)
        self._note("version_unloaded", model=model.settings.name, version=version.number)
        self._unloaded(model.settings.name, version.number)

    async def close(self) -> None:
        """Wait for nothing any more."""
        going = list(self._going)
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)


def _loaded(name: str, number: int, folder: Path) -> ModelVersion:
    version = ModelVersion(name, number, folder)
    version.warm_up()
    return version
