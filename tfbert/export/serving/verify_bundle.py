"""Verification of a serving bundle, of one of its models, or of one version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.export.serving.checks.bundle_checks import CHECKS
from tfbert.export.serving.checks.check_result import FAILED, PASSED, SKIPPED, CheckResult
from tfbert.export.serving.checks.exported_version import ExportedVersion
from tfbert.export.serving.checks.version_checks import FIRST, FURTHER, NothingToCheck
from tfbert.export.serving.models_config import CONFIG_FILE, model_folder, read_models_config
from tfbert.export.serving.version_numbers import version_numbers


def verify_bundle(path: str | PathLike) -> Iterator[CheckResult]:
    """Check what a server would be given, one check after the other.

    Args:
        path: Path of a version folder, of a model's folder of versions, or of a bundle of models.

    Yields:
        A `CheckResult` for each check. What is damaged makes a check fail, and raises nothing.

    Raises:
        ValueError: If there is nothing of the kind at the path.

    Example:
        >>> [check.name for check in verify_bundle("models") if check.status == "failed"]  # doctest: +SKIP
        []
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise ValueError(f"{str(root)!r} is no folder. Give a version folder, a model's folder, or a bundle.")
    root = root.resolve()
    models = _models(root)
    if (root / "saved_model.pb").exists():
        yield from _version(root)
    elif version_numbers(root):
        yield from _model(root)
    elif models or (root / CONFIG_FILE).exists():
        for name, check in CHECKS.items():
            yield _checked(".", name, check, root)
        for folder in models:
            yield from _model(folder)
    elif root.name.isdecimal():
        yield from _version(root)  # which has lost its graph
    else:
        raise ValueError(f"{str(root)!r} holds no models. Give a version folder, a model's folder, or a bundle.")


def _models(root: Path) -> list[Path]:
    """The folders of models: those in the bundle, and those elsewhere that `models.config` names."""
    try:
        configured = [model_folder(root, entry) for entry in read_models_config(root).model_config_list.config]
    except ValueError:
        configured = []  # of which the check of that file says what is wrong
    folders = {folder.resolve() for folder in [*root.iterdir(), *configured]}
    return sorted(folder for folder in folders if version_numbers(folder))


def _model(base: Path) -> Iterator[CheckResult]:
    for number in version_numbers(base):
        yield from _version(base / str(number))


def _version(folder: Path) -> Iterator[CheckResult]:
    """The checks of a version; a damaged one is not loaded, for which TensorFlow might end the process."""
    version, where = ExportedVersion(folder), f"{folder.parent.name}/{folder.name}"
    first = [_checked(where, name, check, version) for name, check in FIRST.items()]
    yield from first
    damaged = [result.name for result in first if result.status == FAILED]
    for name, check in FURTHER.items():
        if damaged:
            yield CheckResult(where, name, SKIPPED, f"{damaged[0]} failed")
        else:
            yield _checked(where, name, check, version)


def _checked(where: str, name: str, check: Callable[[Any], str], subject: Any) -> CheckResult:
    try:
        return CheckResult(where, name, PASSED, check(subject))
    except NothingToCheck as reason:
        return CheckResult(where, name, SKIPPED, str(reason))
    except Exception as error:  # whatever a damaged file makes of the libraries that read it
        message = str(error).strip().splitlines()
        return CheckResult(where, name, FAILED, message[0] if message else type(error).__name__)
