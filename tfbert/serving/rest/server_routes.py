"""The paths about the server itself: health, metrics, and what it serves."""

from __future__ import annotations

from typing import Any

from tfbert.serving.answering import Answering
from tfbert.serving.asked import Asked
from tfbert.serving.metrics import Metrics
from tfbert.serving.models.served_model import ServedModel
from tfbert.serving.rest.exchange import Answer, Exchange
from tfbert.wire.status import ServingError, Status

TEXT = b"text/plain; version=0.0.4; charset=utf-8"


class ServerRoutes:
    """Handlers of those paths.

    Args:
        answering: `Answering`.
        metrics: `Metrics`.
    """

    def __init__(self, answering: Answering, metrics: Metrics):
        self._answering, self._metrics = answering, metrics

    async def alive(self, exchange: Exchange, body: bytes, asked: Asked) -> Answer:
        """Answer GET /healthz: the process lives."""
        return Answer.of_json({"status": "alive"})

    async def ready(self, exchange: Exchange, body: bytes, asked: Asked) -> Answer:
        """Answer GET /readyz: every model has a version, and requests are taken."""
        if self._answering.is_draining or not self._answering.store.is_ready:
            raise ServingError(Status.UNAVAILABLE, "Not ready.", 1.0)
        return Answer.of_json({"status": "ready"})

    async def metrics(self, exchange: Exchange, body: bytes, asked: Asked) -> Answer:
        """Answer GET /monitoring/prometheus/metrics."""
        self._metrics.show_queues(
            (name, number, signature, batcher.queued_rows)
            for name, model in self._answering.store.models.items()
            for number, version in model.available.items()
            for signature, batcher in version.batchers.items()
        )
        return Answer(self._metrics.text(), kind=TEXT)

    async def models(self, exchange: Exchange, body: bytes, asked: Asked) -> Answer:
        """Answer GET /v1/models: what is served, and how it is asked."""
        return Answer.of_json({"models": [_facts(model) for model in self._answering.store.models.values()]})

    async def unknown(self, exchange: Exchange, body: bytes, asked: Asked) -> Answer:
        """Refuse a path that there is not."""
        raise ServingError(Status.NOT_FOUND, "No such path. Models are asked by POST /v1/models/NAME:predict.")


def _facts(model: ServedModel) -> dict[str, Any]:
    """What a page needs to know of a model: the inputs of its task in their order, and its options."""
    facts: dict[str, Any] = {
        "name": model.settings.name,
        "versions": sorted(model.available),
        "labels": model.labels,
    }
    if model.available:
        version = model.find()
        signature = version.signatures.get("serving_default")
        metadata = version.metadata
        facts |= {
            "version": version.number,
            "task": metadata.get("task"),
            "inputs": metadata.get("inputs", sorted(signature.inputs) if signature else []),
            "options": metadata.get("options", {}),
            "class_labels": metadata.get("labels"),
            "mask_token": metadata.get("mask_token"),
            "signatures": sorted(version.signatures),
        }
    return facts
