"""ResumableOutput: a file of answers that grows part by part, and goes on where a killed process stopped."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from tfbert.export.staging import put_file, scratch_path, staged_path, sync_name
from tfbert.json_file import read_json, write_json

SECONDS = 1.0  # work that a kill may lose
BLOCK = 1 << 20
COUNTS = ("lines", "rows", "errors", "input_bytes", "output_bytes")


class ResumableOutput:
    """Answers on their way into `path`: they stand in `path.partial` until `finish` gives the file its name.

    `path.partial.json` says how many bytes of the input are answered, what their sha256 is, and how many bytes the
    answers take; what was written beyond that, such as half a line, is cut off. Use it as a context manager: where a
    ValueError or KeyboardInterrupt ends the block, what was added until then is put on the disk.

    Args:
        path: Path of the file to make.
        asked: Mapping of JSON values: the model and the options, which must be the same when it goes on.
        restart: bool, default False. Drop what a stopped run left.
        overwrite: bool, default False. Replace the file where it exists.

    Raises:
        FileExistsError: If the file exists and `overwrite` is False.
        ValueError: If what a stopped run left belongs to another model or other options.
        BlockingIOError: If another process is writing it.
    """

    def __init__(self, path: str | PathLike, asked: Mapping[str, Any], restart: bool = False, overwrite: bool = False):
        self.path = Path(path)
        self._partial = Path(f"{path}.partial")
        self._state = Path(f"{path}.partial.json")
        self._asked = dict(asked)
        self._restart = restart
        self._overwrite = overwrite
        self.counts = dict.fromkeys(COUNTS, 0)
        self._digest = hashlib.sha256()
        self._waiting: tuple[bytes, ...] = ()
        self._is_at_end = False
        self._due = 0.0
        if self.path.is_dir():
            raise FileExistsError(f"{str(path)!r} is a folder. Choose another --output.")
        if self.path.exists() and not overwrite:
            raise FileExistsError(f"{str(path)!r} exists already. Choose another --output, or add --overwrite.")

    def __enter__(self) -> ResumableOutput:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self._partial, "a+b")
        try:
            self._lock()
            if self.path.exists() and self.path.samefile(self._partial):  # a run was killed when it was through
                self._remove_rest()
                self._file.close()
                return self.__enter__()
            self._begun_with = self._left_behind()
            self._file.truncate(self.counts["output_bytes"])
            if self._begun_with is None:
                self._write_state()  # before the first answer, so that none stands there unexplained
        except BaseException:
            self._file.close()
            raise
        self._due = time.monotonic() + SECONDS
        return self

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        with self._file:
            if kind and issubclass(kind, ValueError | KeyboardInterrupt) and self._waiting and not self._is_at_end:
                self._commit()

    def skip_answered(self, source: BinaryIO) -> None:
        """Read over the part of the input that is answered.

        Args:
            source: The input at its beginning.

        Raises:
            ValueError: If it is not what was answered.
        """
        left = self.counts["input_bytes"]
        while left:
            block = source.read(min(left, BLOCK))
            if not block:
                break
            self._digest.update(block)
            left -= len(block)
        if left or (self._begun_with and self._digest.hexdigest() != self._begun_with):
            raise ValueError(
                f"The input differs within the {self.counts['lines']:,} lines that {str(self._partial)!r} answers. "
                "Give the same input again, or add --restart to begin anew."
            )

    def add(self, lines: Sequence[bytes], answers: Sequence[str], errors: int = 0) -> None:
        """Add the answers to the next lines of the input; about every second all are put on the disk.

        Args:
            lines: Lines of the input with their ends.
            answers: str of one line each, without its end.
            errors: int, default 0. How many of them say what is wrong.
        """
        digest = self._digest.copy()
        for line in lines:
            digest.update(line)
        written = "".join(f"{answer}\n" for answer in answers).encode("utf-8", "backslashreplace")
        more = (len(lines), len(answers), errors, sum(map(len, lines)), len(written))
        counts = {name: count + added for (name, count), added in zip(self.counts.items(), more)}
        # A line without an end may be half a line, which a stopped run must not take for answered.
        is_at_end = not lines[-1].endswith(b"\n")
        # All at once, so that no interruption finds some of it.
        self._digest, self.counts, self._waiting, self._is_at_end = digest, counts, (*self._waiting, written), is_at_end
        if time.monotonic() >= self._due and not is_at_end:
            self._commit()

    def finish(self) -> None:
        """Give the file its name.

        Raises:
            FileExistsError: If one of that name appeared meanwhile and `overwrite` is False; the answers stay where
                they are.
        """
        if self._is_at_end:
            self._write()
        else:
            self._commit()
        with scratch_path(self.path) as linked:
            try:
                os.link(self._partial, linked)
            except OSError:  # a file system without links
                linked = self._partial
            try:
                put_file(linked, self.path, self._overwrite)
            except FileExistsError as error:
                raise FileExistsError(
                    f"{str(self.path)!r} appeared while answers were written, and was not replaced. Move it away, or "
                    "add --overwrite, and run the same command again: the answers are kept."
                ) from error
        sync_name(self.path.parent)
        self._remove_rest()

    def _remove_rest(self) -> None:
        """Remove what is beside a finished file: its part last, whose lock keeps the next run from beginning here."""
        self._state.unlink(missing_ok=True)
        self._partial.unlink(missing_ok=True)

    def _commit(self) -> None:
        """Put answers on the disk, then what says that they are there."""
        self._write()
        self._write_state()
        self._due = time.monotonic() + SECONDS

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, ()  # first, so that an interruption writes nothing twice
        self._file.writelines(waiting)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _write_state(self) -> None:
        with staged_path(self._state, overwrite=True) as staged:
            write_json(staged, {"asked": self._asked, "input_sha256": self._digest.hexdigest(), **self.counts})

    def _lock(self) -> None:
        """Keep other processes away from the part; one that has just finished has taken it from under us."""
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(self._file.fileno()), os.stat(self._partial)):
                return
        raise BlockingIOError(f"Another process is writing {str(self._partial)!r}. Wait for it, or end it.")

    def _left_behind(self) -> str | None:
        """Take over what a stopped run counted, and return the sha256 of what it had read; None without any."""
        size = os.fstat(self._file.fileno()).st_size
        if self._restart or not size:
            return None
        if not self._state.is_file():
            raise ValueError(f"Nothing says what {str(self._partial)!r} holds. Move it away, or add --restart.")
        try:
            state = read_json(self._state)
        except ValueError as error:
            raise ValueError(f"{error} Add --restart to begin anew.") from error
        self._check(state, size)
        self.counts = {name: state[name] for name in COUNTS}
        return state["input_sha256"]

    def _check(self, state: dict[str, Any], size: int) -> None:
        begun = state.get("asked")
        if not isinstance(begun, dict) or not isinstance(state.get("input_sha256"), str):
            raise self._misfit()
        names = sorted(name for name in {*begun, *self._asked} if begun.get(name) != self._asked.get(name))
        if names:
            raise ValueError(
                f"{str(self._partial)!r} was begun with another {', '.join(names)}. Give the same as then, or add "
                "--restart to begin anew."
            )
        if not all(isinstance(state.get(name), int) for name in COUNTS) or size < state["output_bytes"]:
            raise self._misfit()

    def _misfit(self) -> ValueError:
        return ValueError(f"{str(self._partial)!r} does not fit {str(self._state)!r}. Add --restart to begin anew.")
