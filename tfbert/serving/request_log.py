"""The server's log: a line of JSON for each event and request, without any text of a user."""

from __future__ import annotations

import contextlib
import datetime
import json
import sys
from typing import TextIO

from tfbert.wire.status import Status

FAULTS = (Status.INTERNAL, Status.UNKNOWN)  # of the server, not of a client


class RequestLog:
    """Lines of JSON on a stream.

    Args:
        all_requests: bool. Whether requests that were answered are written too, not only those that failed.
        quiet: bool, default False. Whether nothing but failures of the server itself is written.
        stream: Text stream; default is stderr.
    """

    def __init__(self, all_requests: bool, quiet: bool = False, stream: TextIO | None = None):
        self._all_requests, self._quiet, self._stream = all_requests, quiet, stream

    def event(self, event: str, level: str = "info", **facts: object) -> None:
        """Write what happened to the server."""
        if not self._quiet or level == "error":
            self._write(level, event=event, **facts)

    def takes(self, status: Status | None) -> bool:
        """Whether a request that ended so is written; None is one that was answered."""
        return self._all_requests or status in FAULTS or (status is not None and not self._quiet)

    def request(self, status: Status | None, **facts: object) -> None:
        """Write a request; `status` is None where it was answered."""
        level = "info" if status is None else "error" if status in FAULTS else "warning"
        self._write(level, event="request", status="OK" if status is None else status.name, **facts)

    def _write(self, level: str, **facts: object) -> None:
        time = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, "level": level, **facts}, ensure_ascii=False, default=str)
        with contextlib.suppress(OSError, ValueError):  # a log that no one reads any more must fail no request
            (self._stream or sys.stderr).write(f"{line}\n")
