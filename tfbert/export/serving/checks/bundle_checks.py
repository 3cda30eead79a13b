"""The checks of what a bundle has beside its models; each returns what it found, or raises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tfbert.export.serving.batching_config import BATCHING_FILE, check_batching
from tfbert.export.serving.bundle_model import bundle_models
from tfbert.export.serving.checks.version_checks import NothingToCheck
from tfbert.export.serving.models_config import (
    CONFIG_FILE,
    PLATFORM,
    check_model_name,
    model_folder,
    read_models_config,
)
from tfbert.export.serving.server_flags import misfits
from tfbert.export.serving.version_numbers import version_numbers


def check_models_config(root: Path) -> str:
    """`models.config`: its models and versions are there, and labels name versions that are served."""
    if not (root / CONFIG_FILE).is_file():
        raise ValueError(f"{CONFIG_FILE} is missing. Export again, or write it.")
    entries = read_models_config(root).model_config_list.config
    if not entries:
        raise ValueError(f"{CONFIG_FILE} lists no model.")
    names = [check_model_name(entry.name) for entry in entries]
    if len(names) != len(set(names)):
        raise ValueError(f"{CONFIG_FILE} lists a model twice: {names}.")
    for entry in entries:
        if entry.model_platform != PLATFORM:
            raise ValueError(f"{entry.name} must have model_platform {PLATFORM!r}. Found: {entry.model_platform!r}.")
        there = version_numbers(model_folder(root, entry))
        policy = entry.model_version_policy
        wanted = list(policy.specific.versions) if policy.WhichOneof("policy_choice") == "specific" else there[-1:]
        missing = [number for number in wanted if number not in there]
        if missing or not wanted:
            raise ValueError(f"{entry.name} is to be served in {wanted}; its folder has {there}.")
        served = there if policy.HasField("all") else wanted
        for label, number in entry.version_labels.items():
            if number not in served and not policy.HasField("latest"):
                raise ValueError(f"{entry.name}: the label {label!r} names version {number}; served are {served}.")
    return f"{len(names)} models: {', '.join(names)}"


def check_batching_config(root: Path) -> str:
    """`batching.config`: TF Serving reads it."""
    if not (root / BATCHING_FILE).is_file():
        raise NothingToCheck(f"no {BATCHING_FILE}")
    return f"batches of {check_batching(root / BATCHING_FILE) or 'any number of'} rows"


def check_deployments(root: Path) -> str:
    """The files for Docker, Kubernetes and KServe: they start a server with the flags that the models need."""
    found = misfits(root, bundle_models(root, read_models_config(root)))
    if found:
        raise ValueError(" ".join(found))
    return "servers are started as the models need it"


CHECKS: dict[str, Callable[[Path], str]] = {
    CONFIG_FILE: check_models_config,
    BATCHING_FILE: check_batching_config,
    "deployments": check_deployments,
}
