"""join_workers: the strategy with which processes on many hosts train one model."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfbert.training.distributed.cluster import losing_workers
from tfbert.training.distributed.meeting import meet

VARIABLE = "TF_CONFIG"
ADDRESS = re.compile(r"[^\s:/]+:\d{1,5}")


def join_workers(
    addresses: Sequence[str] | None = None, index: int | None = None, timeout: int = 600
) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Connect this process with the other workers, and return the strategy to train under.

    Each host runs the same program, with an `index` of its own. A model that was made and compiled in the strategy's
    scope is trained by `fit`, called with the same arguments everywhere: each worker takes its rows of every batch, and
    all end with the weights that one process would have. One that stops ends the training of all.

    Args:
        addresses: list of str, "host:port" of every worker in the same order everywhere; the first one is the chief,
            which writes files. None, the default, takes them from the environment's TF_CONFIG, as operators for
            Kubernetes set it.
        index: int. The place of this process in `addresses`.
        timeout: int, default 600. Seconds to wait for the others, at the start and in each step.

    Returns:
        A `tf.distribute.MultiWorkerMirroredStrategy`.

    Raises:
        ValueError: If addresses, index or TF_CONFIG are not what they should be.
        RuntimeError: If TensorFlow was used before.
        ConnectionError: If the others do not come in time.

    Example:
        >>> strategy = join_workers(["host1:2222", "host2:2222"], index=0)  # doctest: +SKIP
        >>> with strategy.scope():  # doctest: +SKIP
        ...     classifier = TextClassifier.from_pretrained("path/to/checkpoint")
        ...     classifier.compile(BertAdamW(5e-5))
        >>> classifier.fit(texts, labels, callbacks=[ResumableTraining("backup")])  # doctest: +SKIP

    Source: TensorFlow's `MultiWorkerMirroredStrategy`.
    """
    if not isinstance(timeout, int) or isinstance(timeout, bool) or timeout < 1:
        raise ValueError(f"`timeout` must be a number of seconds. Received: {timeout!r}.")
    if addresses is None:
        if index is not None:
            raise ValueError("`index` is a place in `addresses`: give these too, or leave both to TF_CONFIG.")
        _check_environment(os.environ.get(VARIABLE))
    else:
        _check_addresses(addresses, index)
        task = {"type": "worker", "index": index}
        os.environ[VARIABLE] = json.dumps({"cluster": {"worker": list(addresses)}, "task": task})
    return _strategy(timeout)


def _check_addresses(addresses: Any, index: Any) -> None:
    is_list = isinstance(addresses, Sequence) and not isinstance(addresses, str)
    if not is_list or not all(isinstance(one, str) and ADDRESS.fullmatch(one) for one in addresses):
        raise ValueError(f"`addresses` must be a list of 'host:port'. Received: {addresses!r}.")
    if len(addresses) < 2 or len(set(addresses)) < len(addresses):
        raise ValueError(f"`addresses` must name at least two workers, each once. Received: {addresses!r}.")
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(addresses):
        raise ValueError(f"`index` must be a place in `addresses`, 0 to {len(addresses) - 1}. Received: {index!r}.")


def _check_environment(text: str | None) -> None:
    example = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
    if not text:
        raise ValueError(f"Give `addresses` and `index`, or set {VARIABLE} to something like {example}.")
    try:
        stated = json.loads(text)
        jobs, task = stated["cluster"], stated["task"]
        is_there = 0 <= int(task["index"]) < len(jobs[task["type"]])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{VARIABLE} must look like {example}. Received: {text}") from error
    if not is_there or not set(jobs) <= {"chief", "worker"}:
        raise ValueError(f"{VARIABLE} must name workers, at most a chief, and one of them as task. Received: {text}")


def _strategy(timeout: int) -> tf.distribute.MultiWorkerMirroredStrategy:
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    jobs = resolver.cluster_spec().as_dict()
    chiefs = jobs.get("chief", [])
    index = resolver.task_id + (len(chiefs) if resolver.task_type == "worker" else 0)
    meet([*chiefs, *jobs.get("worker", [])], index, timeout)
    options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=timeout)
    try:
        with losing_workers():
            return tf.distribute.MultiWorkerMirroredStrategy(resolver, options)
    except RuntimeError as error:
        if "program startup" not in str(error):
            raise
        raise RuntimeError(
            "Workers must be joined before TensorFlow is used: call join_workers() first of all, before models and "
            "tensors are made."
        ) from error
