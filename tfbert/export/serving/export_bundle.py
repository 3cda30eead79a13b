"""Serving bundles: the next version of a model in a folder that TF Serving or `tfbert serve` mounts as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import keras

from tfbert.export.saved_model import checked_path, write_saved_model
from tfbert.export.serving.bundle_lock import bundle_lock
from tfbert.export.serving.manifest import is_whole, write_manifest
from tfbert.export.serving.models_config import (
    CONFIG_FILE,
    check_model_name,
    dns_name,
    model_folder,
    read_models_config,
    serve_version,
    write_models_config,
)
from tfbert.export.serving.operator_files import write_operator_files
from tfbert.export.serving.probe_rows import short_rows, text_columns_of
from tfbert.export.serving.recorded_answers import write_answers
from tfbert.export.serving.version_numbers import version_folders, write_version
from tfbert.export.serving.warmup import write_warmup
from tfbert.export.serving.warmup_records import warmup_records


def export_bundle(
    path: str | PathLike,
    name: str,
    signatures: Mapping[str, Any],
    variables: Sequence[keras.Variable],
    metadata: Mapping[str, Any],
    *,
    probes: Sequence[Mapping[str, Any]],
    lookup_tables: Sequence[Any] = (),
    is_random: bool = False,
    is_compiled: bool = False,
) -> Path:
    """Write graph functions as the next version of a model, check it, put it in place, and say so in `models.config`.

    Several processes may export into one bundle at once, of the same model or of others.

    Args:
        path: Path of the bundle, a folder of models; it is made where it is missing.
        name: str. The model, in letters, digits, "_" and "-".
        signatures, variables, metadata, probes, lookup_tables, is_random, is_compiled: As `export_saved_model`.

    Returns:
        Path of the version folder, `path/name/<version>`.

    Raises:
        ValueError: If the name will not do or is another model's in Kubernetes, `models.config` cannot be read or has
            the model elsewhere, or TensorFlow would take the path for a pattern.
        FileExistsError: If a SavedModel lies where the bundle or the model is to be.
        ExportError: If the written model does not answer as the functions do, or holds an op that servers lack.
    """
    root, base = check_place(path, name)
    columns = text_columns_of(probes[-1])

    def write(folder: Path) -> None:
        write_saved_model(
            folder,
            signatures,
            variables,
            metadata,
            probes=probes,
            lookup_tables=lookup_tables,
            is_random=is_random,
            is_compiled=is_compiled,
        )
        write_answers(folder, signatures, short_rows(columns), exactly=not is_random)
        write_warmup(folder, warmup_records(name, signatures, columns, metadata, is_compiled))
        write_manifest(folder)

    version = write_version(base, write)
    with bundle_lock(root):
        config = read_models_config(root)
        serve_version(config, name, _newest(base, int(version.name)))
        write_operator_files(root, config)
        write_models_config(root, config)  # last: what it names is there
    return version


def _newest(base: Path, written: int) -> int:
    """The version just written, or a newer one of another exporter; not one that somebody is copying."""
    newer = {number: folder for number, folder in version_folders(base).items() if number > written}
    return max((number for number, folder in newer.items() if is_whole(folder)), default=written)


def check_place(path: str | PathLike, name: str) -> tuple[Path, Path]:
    """Refuse a place that no model can be exported to, before the work of making one.

    Args:
        path: Path of the bundle.
        name: str. The model.

    Returns:
        Paths of the bundle and of the model's folder, which need not exist.

    Raises:
        ValueError, FileExistsError: As `export_bundle`.
    """
    root = checked_path(path)
    base = root / check_model_name(name)
    for folder in (root, base):
        if (folder / "saved_model.pb").exists():
            raise FileExistsError(
                f"{str(folder)!r} is a SavedModel itself. Choose a folder that is to hold models, such as 'models'."
            )
    for entry in read_models_config(root).model_config_list.config:
        served = model_folder(root, entry)
        if entry.name != name and dns_name(entry.name) == dns_name(name):
            raise ValueError(
                f"`name` must differ from {entry.name!r} in more than small letters and '_', and within its first "
                f"characters: both are {dns_name(name)!r} in Kubernetes. Received: {name!r}."
            )
        if entry.name == name and served.resolve() != base.resolve():
            raise ValueError(
                f"{CONFIG_FILE} serves {name!r} from {str(served)!r}. Change its base_path, or choose another `name`."
            )
    return root, base
