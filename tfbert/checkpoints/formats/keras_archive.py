"""The weights of a `.keras` archive that a model or a task of tfbert was saved as."""

from __future__ import annotations

import json
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any

import keras

from tfbert.checkpoints.names.weight_dialects import parts_of
from tfbert.checkpoints.names.weight_names import rows_of
from tfbert.checkpoints.stored_tensor import StoredTensor

_TRUSTED_PACKAGES = ("keras", "tfbert")


def open_keras_archive(path: str | PathLike) -> dict[str, StoredTensor]:
    """Open the weights of a `.keras` archive by loading its model, whose variables then hold them.

    The archive names its weights after classes and counts them, so that only the model itself can tell which is which;
    other than for the other formats, all of them are in memory at once.

    Args:
        path: Path of the archive.

    Returns:
        A dict from PyTorch's name to `StoredTensor`, in PyTorch's layout.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is broken, names classes that are neither Keras' nor tfbert's, or holds no BERT.

    Example:
        >>> open_keras_archive("path/to/classifier.keras")["classifier.weight"].read()  # doctest: +SKIP
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No archive at {str(path)!r}.")
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
        config.pop("compile_config", None)  # loss and metrics may be anybody's: they are not built
        _refuse_other_packages(config, str(path))
        loaded = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (zipfile.BadZipFile, KeyError, OSError, TypeError) as error:
        raise ValueError(f"{str(path)!r} is truncated or no .keras archive of tfbert: {error}.") from error
    model: Any = loaded if hasattr(loaded, "bert") else getattr(loaded, "model", None)
    if not hasattr(model, "bert"):
        raise ValueError(f"{str(path)!r} holds no model or task of tfbert but a {type(loaded).__name__}.")
    tensors: dict[str, StoredTensor] = {}
    for row, variable in rows_of(model, model.config.num_hidden_layers):
        dtype = keras.backend.standardize_dtype(variable.dtype)
        whole = StoredTensor(row.variable_path, tuple(variable.shape), dtype, str(path), variable.numpy)
        tensors.update(parts_of(row, whole))
    return tensors


def _refuse_other_packages(config: Any, source: str) -> None:
    """Keras imports the modules that an archive names; those of strangers might do anything."""
    if isinstance(config, dict):
        module = config.get("module")
        if isinstance(module, str) and module.partition(".")[0] not in _TRUSTED_PACKAGES:
            raise ValueError(f"{source!r} names the module {module!r}, which is neither Keras' nor tfbert's.")
    values = config.values() if isinstance(config, dict) else config if isinstance(config, list) else ()
    for value in values:
        _refuse_other_packages(value, source)
