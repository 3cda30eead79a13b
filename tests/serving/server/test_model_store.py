"""Which versions are kept of folders that change, with models that only remember what their file said."""

import asyncio
import contextlib
import shutil
import threading
from pathlib import Path

import pytest

from tfbert.export.serving.models_config import CONFIG_FILE
from tfbert.serving.models import model_keeper
from tfbert.serving.models.model_settings import SAVED_MODEL, find_models
from tfbert.serving.models.model_store import ModelStore
from tfbert.serving.models.version_folder import fingerprint

POLL = 0.05
CONFIG = 'model_config_list { config { name: "tiny" base_path: "/models/tiny" } }'


class Version:
    """A version in memory: what its file says."""

    during = staticmethod(lambda folder: None)  # what happens while one is loaded

    def __init__(self, number, folder):
        self.number, self.said, self.requests, self.is_released = number, (folder / SAVED_MODEL).read_text(), 0, False
        Version.during(folder)
        if self.said == "wrong":
            raise ValueError("It is wrong.")

    def make_batchers(self, make):
        """Have none."""

    def release(self):
        self.is_released = True


class Kept:
    """A store and what it noted."""

    def __init__(self, root, **options):
        self.events, self.forgotten = [], []
        self.store = ModelStore(
            root, None, self.note, lambda *version: self.forgotten.append(version), poll_seconds=POLL, **options
        )

    def note(self, event, **facts):
        self.events.append((event, facts.get("model")))

    def said(self):
        models = self.store.models.values()
        return {(model.settings.name, n): version.said for model in models for n, version in model.available.items()}

    async def polls(self):
        """Look several times, and long enough for a folder to be quiet."""
        for _ in range(3):
            await asyncio.sleep(POLL)
            await self.store.poll()


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Return a context of a `Kept` that is started."""
    monkeypatch.setattr(model_keeper, "_loaded", lambda name, number, folder: Version(number, folder))
    monkeypatch.setattr(Version, "during", staticmethod(lambda folder: None))

    @contextlib.asynccontextmanager
    async def start(root=tmp_path, **options):
        found = Kept(root, **options)
        await found.store.start()
        try:
            yield found
        finally:
            await found.store.close()

    return start


def write(folder: Path, said: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SAVED_MODEL).write_text(said)
    return folder


def test_a_version_that_was_loaded_half_written_is_loaded_again(tmp_path, kept):
    async def run():
        write(tmp_path / "tiny" / "1", "old")
        async with kept() as found:
            write(tmp_path / "tiny" / "2", "half of")  # and then the copy stalls
            await found.polls()
            assert found.said() == {("tiny", 2): "half of"}
            half = found.store.models["tiny"].available[2]
            write(tmp_path / "tiny" / "2", "half of it was missing")
            await found.polls()
            assert found.said() == {("tiny", 2): "half of it was missing"}
            assert half.is_released
            write(tmp_path / "tiny" / "2", "wrong")
            await found.polls()
            assert found.said() == {("tiny", 2): "half of it was missing"}
            assert [event for event, _ in found.events].count("version_failed") == 1
            assert found.store.models["tiny"].states[2].state == "AVAILABLE"
            assert found.forgotten == [("tiny", 1)]

    asyncio.run(run())


def test_a_version_that_changes_while_it_is_loaded_is_not_served(tmp_path, kept, monkeypatch):
    writes = iter(["more", "whole"])

    def go_on(folder):
        if said := next(writes, ""):
            write(folder, said)

    async def run():
        write(tmp_path / "tiny" / "1", "half")
        monkeypatch.setattr(Version, "during", staticmethod(go_on))
        async with kept() as found:
            assert found.said() == {("tiny", 1): "whole"}
            assert [event for event, _ in found.events] == ["version_changed"] * 2 + ["version_available"]

    asyncio.run(run())


def test_a_model_whose_only_version_is_exchanged_never_goes(tmp_path, kept):
    async def run():
        base = tmp_path / "tiny"
        write(base / "1", "old")
        write(tmp_path / "other" / "1", "other")
        async with kept() as found:
            (base / "1").rename(base / "old")
            await found.polls()
            assert found.said() == {("tiny", 1): "old", ("other", 1): "other"}
            write(base / "1", "new")
            await found.polls()
            assert found.said() == {("tiny", 1): "new", ("other", 1): "other"}
            shutil.rmtree(base)
            await found.polls()
            assert found.said() == {("other", 1): "other"}
            assert found.forgotten == [("tiny", 1)]

    asyncio.run(run())


def test_models_config_may_be_away_for_a_moment(tmp_path, kept):
    async def run():
        for name in ("tiny", "other"):
            write(tmp_path / name / "1", name)
        (tmp_path / CONFIG_FILE).write_text(CONFIG)
        async with kept() as found:
            (tmp_path / CONFIG_FILE).unlink()
            await found.polls()
            assert found.said() == {("tiny", 1): "tiny"}
            assert found.events[-1] == ("models_not_read", "")
            (tmp_path / CONFIG_FILE).write_text(CONFIG.replace("tiny", "other"))
            await found.polls()
            assert found.said() == {("other", 1): "other"}

    asyncio.run(run())


def test_a_folder_that_cannot_be_read_holds_up_no_other(tmp_path, kept, monkeypatch):
    def look(folder):
        if folder.parent.name == "a":
            raise OSError("It cannot be read.")
        return fingerprint(folder)

    async def run():
        for name in ("a", "b"):
            write(tmp_path / name / "1", "old")
        async with kept() as found:
            monkeypatch.setattr(model_keeper, "fingerprint", look)
            write(tmp_path / "b" / "2", "new")
            await found.polls()
            assert found.said() == {("a", 1): "old", ("b", 2): "new"}
            assert found.events.count(("models_not_read", "a")) == 1

    asyncio.run(run())


def test_a_link_to_itself_is_passed_over(tmp_path, kept):
    async def run():
        folder = write(tmp_path / "tiny" / "1", "old")
        (folder / "loop").symlink_to("loop")
        (tmp_path / "tiny" / "2").symlink_to("2")
        assert [name for name, *_ in fingerprint(folder)] == [SAVED_MODEL]
        async with kept() as found:
            assert found.said() == {("tiny", 1): "old"}

    asyncio.run(run())


def test_names_that_are_no_versions_are_passed_over(tmp_path, kept):
    async def run():
        base = tmp_path / "tiny"
        for name in ("3", "004", str(2**63), "١"):
            write(base / name, name)
        (base / "9").write_text("a file")
        async with kept() as found:
            assert found.said() == {("tiny", 3): "3"}

    asyncio.run(run())
    (settings,) = find_models(tmp_path / "tiny" / "3").values()
    assert (settings.name, settings.number) == ("tiny", 3)
    (settings,) = find_models(tmp_path / "tiny" / "004").values()
    assert (settings.name, settings.number) == ("004", 1)


def test_closing_does_not_wait_for_what_is_being_loaded(tmp_path, kept, monkeypatch):
    begun, over = threading.Event(), threading.Event()

    def wait(folder):
        begun.set()
        over.wait()

    async def run():
        write(tmp_path / "tiny" / "1", "old")
        monkeypatch.setattr(Version, "during", staticmethod(wait))
        found = Kept(tmp_path)
        start = asyncio.create_task(found.store.start())
        await asyncio.to_thread(begun.wait)
        start.cancel()
        await asyncio.wait([start])
        assert found.store.is_busy
        try:
            await asyncio.wait_for(found.store.close(), 1)
            assert found.store.is_busy
        finally:
            over.set()

    asyncio.run(run())
