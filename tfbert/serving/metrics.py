"""Metrics: what Prometheus reads of the server."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from tfbert.optional import import_optional

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Counters of a server, in a registry of its own.

    Example:
        >>> metrics = Metrics()
        >>> metrics.request("rest", "sentiment", "1", "serving_default", "OK", rows=2, seconds=0.01)
        >>> b'tfbert_texts_total{model="sentiment",version="1"} 2.0' in metrics.text()
        True
    """

    def __init__(self) -> None:
        self._client = import_optional("prometheus_client")
        self._registry = self._client.CollectorRegistry()
        made = functools.partial(self._made, registry=self._registry)
        asked = ("model", "version", "signature")
        self._requests = made("Counter", "tfbert_requests", "Requests.", ("protocol", *asked, "status"))
        self._seconds = made("Histogram", "tfbert_request_seconds", "Time to answer.", ("protocol", *asked), SECONDS)
        self._texts = made("Counter", "tfbert_texts", "Rows that were answered.", ("model", "version"))
        self._waits = made("Histogram", "tfbert_queue_seconds", "Time in the queue.", asked, SECONDS)
        self._batches = made("Histogram", "tfbert_batch_rows", "Rows of a batch.", asked, ROWS)
        self._queued = made("Gauge", "tfbert_queued_rows", "Rows that wait.", asked)
        self._events = made("Counter", "tfbert_events", "Loads, unloads and failures of versions.", ("event",))
        self._children: dict[tuple, tuple] = {}

    def _made(self, kind: str, name: str, text: str, labels: tuple, buckets: tuple = (), registry: Any = None) -> Any:
        further = {"buckets": buckets} if buckets else {}
        return getattr(self._client, kind)(name, text, labels, registry=registry, **further)

    def request(
        self, protocol: str, model: str, version: str, signature: str, status: str, rows: int, seconds: float
    ) -> None:
        """Count a request.

        Args:
            protocol: str. "rest" or "grpc".
            model, version, signature: str. What was asked; "" where it is not served.
            status: str. "OK", or the name of a `Status`.
            rows: int. How many rows were answered.
            seconds: float. How long it took.
        """
        key = (protocol, model, version, signature, status)
        if key not in self._children:
            asked = (protocol, model, version, signature)
            counted = (self._requests.labels(*asked, status), self._seconds.labels(*asked))
            self._children[key] = (*counted, self._texts.labels(model, version))
        count, histogram, texts = self._children[key]
        count.inc()
        histogram.observe(seconds)
        texts.inc(rows)

    def batch(self, model: str, version: int, signature: str) -> Any:
        """Return the function that notes a batch of a signature: its rows, and the seconds that its jobs waited."""
        asked = (model, str(version), signature)
        batches, waits = self._batches.labels(*asked), self._waits.labels(*asked)

        def note(rows: int, seconds: list[float]) -> None:
            batches.observe(rows)
            for wait in seconds:
                waits.observe(wait)

        return note

    def show_queues(self, queued: Iterable[tuple[str, int, str, int]]) -> None:
        """Show how many rows wait: (model, version, signature, rows) of each queue that there is."""
        self._queued.clear()
        for model, version, signature, rows in queued:
            self._queued.labels(model, str(version), signature).set(rows)

    def forget(self, model: str, version: int) -> None:
        """Show a version no more, which is not served any more; the series of a long-lived server must not pile up."""
        number = str(version)
        for key in [key for key in self._children if key[1:3] == (model, number)]:
            del self._children[key]
        for family in (self._requests, self._seconds, self._texts, self._waits, self._batches, self._queued):
            family.remove_by_labels({"model": model, "version": number})

    def event(self, event: str) -> None:
        """Count an event."""
        self._events.labels(event).inc()

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return self._client.generate_latest(self._registry)
