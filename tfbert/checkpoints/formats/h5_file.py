"""`tf_model.h5`: the weights that Hugging Face's TensorFlow models saved, whole or as a shard."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # comes with Keras
import numpy as np

from tfbert.checkpoints.names.tf_names import from_tf_names
from tfbert.checkpoints.stored_tensor import StoredTensor


def open_h5(path: str | PathLike) -> dict[str, StoredTensor]:
    """Open a `tf_model.h5`, or one shard of it.

    Args:
        path: Path of the file.

    Returns:
        A dict from PyTorch's name to `StoredTensor`, in PyTorch's layout. Values are read one tensor at a time.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated, of another kind, or holds data in ways that Hugging Face never wrote.

    Example:
        >>> open_h5("path/to/tf_model.h5")["bert.pooler.dense.bias"].read()  # doctest: +SKIP

    Source: `load_tf_weights_from_h5` of Hugging Face transformers 4.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No weights at {str(path)!r}.")
    try:
        with h5py.File(path, "r") as file:
            if "layer_names" not in file.attrs:
                raise ValueError(
                    f"{str(path)!r} is no tf_model.h5 of Hugging Face: it names no layers. The weights of a Keras 3 "
                    "model are read by model.load_weights(path), or saved for others by model.save_pretrained(folder)."
                )
            tensors: dict[str, StoredTensor] = {}
            for name, place in _weights(file, str(path)):
                # The tied embeddings stand in the group of each layer that uses them; one copy is enough.
                if name not in tensors:
                    tensors[name] = _stored(file, name, place, path)
    except OSError as error:
        raise ValueError(
            f"{str(path)!r} ({path.stat().st_size} bytes) is truncated or no h5 file: {error}. "
            "Fetch the checkpoint again."
        ) from error
    return from_tf_names(tensors)


def _weights(file, source: str) -> Iterator[tuple[str, str]]:
    """Yield each weight's name and its place; in a shard the layers are the weights themselves."""
    for layer in _listed(file, "layer_names"):
        group = file.get(layer)
        if group is None:
            raise ValueError(f"{source!r} lacks {layer!r}, which it names. Fetch the checkpoint again.")
        if isinstance(group, h5py.Dataset):
            yield layer, layer
        else:
            yield from ((weight, f"{layer}/{weight}") for weight in _listed(group, "weight_names"))


def _listed(group, key: str) -> list[str]:
    """Return the names in an attribute, which Keras splits into key0, key1, … where they exceed HDF5's limit."""
    chunks = [key] if key in group.attrs else itertools.takewhile(group.attrs.__contains__, _numbered(key))
    names = [name for chunk in chunks for name in group.attrs[chunk]]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _numbered(key: str) -> Iterator[str]:
    return (f"{key}{number}" for number in itertools.count())


def _stored(file, name: str, place: str, path: Path) -> StoredTensor:
    dataset = file.get(place)
    _check(file, dataset, name, str(path))

    def load() -> np.ndarray:
        with h5py.File(path, "r") as again:
            return again[place][()]

    return StoredTensor(name, dataset.shape, dataset.dtype.name, str(path), load)


def _check(file, dataset, name: str, source: str) -> None:
    """Refuse what could lead to other files, to endless zeros, or to Python objects."""
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"{source!r} lacks the tensor {name!r}, which it names. Fetch the checkpoint again.")
    if dataset.file.filename != file.filename or dataset.external or dataset.is_virtual:
        raise ValueError(f"The tensor {name!r} of {source!r} lies in another file, which is not opened.")
    if dataset.dtype.kind not in "fiu":
        raise ValueError(f"The tensor {name!r} of {source!r} must hold numbers. Received: dtype {dataset.dtype}.")
    if dataset.id.get_storage_size() < dataset.nbytes:
        raise ValueError(
            f"The tensor {name!r} of {source!r} must hold {dataset.nbytes} bytes for its shape {list(dataset.shape)}. "
            f"Received: {dataset.id.get_storage_size()} bytes, compressed or missing."
        )
