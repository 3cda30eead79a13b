"""Several processes that train one model: `tfbert train --workers`."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from tfbert.cli.text_rows import UsageError


def add_worker_arguments(group) -> None:
    """Add the options that say which processes train together."""
    group.add_argument("--workers", metavar="HOST:PORT,…", help="addresses of all processes, the chief's first")
    group.add_argument("--worker-index", type=int, metavar="N", help="which of them this one is, from 0")
    group.add_argument("--worker-timeout", type=int, default=600, metavar="SECONDS", help="how long to wait for others")


def check_worker_options(options: argparse.Namespace) -> None:
    """Refuse options of workers that do not go together.

    Raises:
        UsageError: If one lacks the other.
    """
    if (options.workers is None) != (options.worker_index is None):
        raise UsageError("give --workers and --worker-index both, or none: then TF_CONFIG says which workers there are")
    if options.gradient_accumulation > 1 and (options.workers or _environment_has_workers()):
        raise UsageError("several workers cannot accumulate gradients: give a larger --batch-size")


def strategy_of(options: argparse.Namespace) -> Any:
    """Join the workers that the command line or TF_CONFIG names, and return the strategy to train under.

    It has to come before anything else that uses TensorFlow.
    """
    import tensorflow as tf

    from tfbert.training.distributed import join_workers

    if options.workers is None and not _environment_has_workers():
        return tf.distribute.get_strategy()
    addresses = None if options.workers is None else options.workers.split(",")
    return join_workers(addresses, options.worker_index, options.worker_timeout)


def _environment_has_workers() -> bool:
    """Whether TF_CONFIG speaks of several; what is wrong with it `join_workers` says."""
    try:
        jobs = json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})
        return sum(len(addresses) for addresses in jobs.values()) > 1
    except (ValueError, AttributeError, TypeError):
        return True
