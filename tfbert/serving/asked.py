"""Asked: what is noted of one request, for the log and for Prometheus."""

from __future__ import annotations

import dataclasses
import time
import traceback

from tfbert.serving.metrics import Metrics
from tfbert.serving.models.model_version import ModelVersion
from tfbert.serving.request_log import RequestLog
from tfbert.wire.status import ServingError, Status


@dataclasses.dataclass(slots=True)
class Asked:
    """A request, from when it came until it is answered.

    Args:
        protocol: str. "rest" or "grpc".
        size: int. Its bytes.

    Attributes:
        model, version, signature: str. What was asked, once that is known.
        rows: int. How many rows were answered.
        http: int or None. The HTTP status of a failure, where it is not the usual one.
    """

    protocol: str
    size: int = 0
    model: str = ""
    version: str = ""
    signature: str = ""
    rows: int = 0
    http: int | None = None
    started: float = dataclasses.field(default_factory=time.perf_counter)

    def of(self, version: ModelVersion, signature: str) -> None:
        """Say what is asked; before that it is not known, and what a client calls it is not repeated."""
        self.model, self.version, self.signature = version.name, str(version.number), signature


class Recorder:
    """Writes down requests and failures.

    Args:
        metrics: `Metrics`.
        log: `RequestLog`.
    """

    def __init__(self, metrics: Metrics, log: RequestLog):
        self.metrics, self.log = metrics, log

    def event(self, event: str, **facts: object) -> None:
        """Note what happened to the server; see `Events`."""
        self.metrics.event(event)
        self.log.event(event, "error" if "error" in facts else "info", **facts)

    def answered(self, asked: Asked, status: Status | None = None) -> None:
        """Note how a request ended; `status` is None where it was answered."""
        seconds = time.perf_counter() - asked.started
        name = "OK" if status is None else status.name
        rows = asked.rows if status is None else 0
        self.metrics.request(asked.protocol, asked.model, asked.version, asked.signature, name, rows, seconds)
        if self.log.takes(status):
            facts = {key: getattr(asked, key) for key in ("protocol", "model", "version", "signature", "rows")}
            self.log.request(status, **facts, bytes=asked.size, milliseconds=round(1000 * seconds, 2))

    def as_serving_error(self, error: Exception) -> ServingError:
        """Return what a client is told; an error that nobody foresaw goes to the log, without its text."""
        if isinstance(error, ServingError):
            return error
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        places = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        self.event("failure", error=type(error).__name__, places=places)
        return ServingError(Status.INTERNAL, "The server failed. Its log says where.")
