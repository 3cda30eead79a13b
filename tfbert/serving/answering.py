"""Answering: the way of a request from its arrays to its answer, the same for REST and gRPC."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.serving.budget import Budget
from tfbert.serving.input_checks import InputChecks, refused
from tfbert.serving.models.model_store import ModelStore
from tfbert.serving.models.model_version import ModelVersion
from tfbert.serving.models.served_signature import ServedSignature
from tfbert.serving.server_options import ServerOptions
from tfbert.wire.status import ServingError, Status

ASSERTION = re.compile(r"assertion failed: \[([^\]]*)\]")  # what a graph of tfbert says of its input
REQUESTS = 16  # of the largest size that may be in memory at a time


class Answering:
    """Answers requests by the models of a store.

    Args:
        store: `ModelStore`.
        options: `ServerOptions`.

    Attributes:
        checks: `InputChecks`.
        budget: `Budget` of the bytes of requests.
        is_draining: bool. Whether the server stops.
    """

    def __init__(self, store: ModelStore, options: ServerOptions):
        self.store, self._options = store, options
        self.checks, self.budget = InputChecks(options), Budget(REQUESTS * options.max_request_bytes)
        self.is_draining = False

    def find(self, name: str, number: int | None, label: str | None) -> ModelVersion:
        """Return the version that a request asks.

        Raises:
            ServingError: UNAVAILABLE where the server stops, NOT_FOUND or INVALID_ARGUMENT where there is none.
        """
        if self.is_draining:
            raise ServingError(Status.UNAVAILABLE, "The server stops. Send the request to another one, or later.", 1.0)
        return self.store.find(name).find(number, label)

    def deadline(self, seconds: float | None) -> float:
        """Return when a request is given up, by the clock of the event loop; `seconds` is what its client allows."""
        most = self._options.request_timeout
        return asyncio.get_running_loop().time() + (most if seconds is None else min(max(seconds, 0.0), 10 * most))

    async def answer(
        self, version: ModelVersion, signature: ServedSignature, inputs: Mapping[str, np.ndarray], deadline: float
    ) -> tuple[dict[str, np.ndarray], int]:
        """Answer a request.

        Args:
            version: `ModelVersion`, from `find`.
            signature: `ServedSignature` of it.
            inputs: dict of arrays, strings as bytes.
            deadline: float, from `deadline`.

        Returns:
            A tuple of a dict of arrays and the number of rows.

        Raises:
            ServingError: What is wrong with the inputs, or with the model.
        """
        rows, each = self.checks.checked(signature, inputs)
        group = tuple((name, inputs[name].shape[1:]) for name in signature.inputs)
        version.requests += 1
        try:
            return dict(await version.batchers[signature.name].answer(inputs, rows, group, deadline, each)), rows
        except tf.errors.OpError as error:
            raise _model_error(error) from error
        finally:
            version.requests -= 1


def check_outputs(signature: ServedSignature, names: Sequence[str]) -> None:
    """Refuse an output filter that names what a signature does not return, or one output twice.

    Raises:
        ServingError: INVALID_ARGUMENT.
    """
    if set(names) - set(signature.outputs) or len(set(names)) < len(names):
        raise refused(f"`output_filter` must name outputs of the signature, each once: {sorted(signature.outputs)}.")


def _model_error(error: Any) -> ServingError:
    """What the graph says of a request, without what it may quote of the inputs."""
    if isinstance(error, tf.errors.ResourceExhaustedError):
        return ServingError(
            Status.RESOURCE_EXHAUSTED, "The model ran out of memory. Send fewer rows in a request, or shorter texts."
        )
    found = ASSERTION.search(error.message or "")
    advice = found.group(1) if found else f"It raised {type(error).__name__}."
    status = Status.INVALID_ARGUMENT if isinstance(error, tf.errors.InvalidArgumentError) else Status.INTERNAL
    return ServingError(status, f"The model refuses these inputs. {advice}")
