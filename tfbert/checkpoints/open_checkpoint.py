"""The front door: weights in any form that is read, by where they lie."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from os import PathLike
from pathlib import Path

from tfbert.checkpoints.formats.h5_file import open_h5
from tfbert.checkpoints.formats.keras_archive import open_keras_archive
from tfbert.checkpoints.formats.safetensors_file import open_safetensors, read_format
from tfbert.checkpoints.formats.saved_model_variables import open_saved_model
from tfbert.checkpoints.formats.sharded_index import open_shards
from tfbert.checkpoints.formats.tensor_bundle import open_bundle
from tfbert.checkpoints.formats.tf1_checkpoint import open_tf1_checkpoint
from tfbert.checkpoints.formats.tf2_checkpoint import open_tf2_checkpoint
from tfbert.checkpoints.formats.torch_file import open_torch_file
from tfbert.checkpoints.names.tf_names import from_tf_names, torch_name_of_tf
from tfbert.checkpoints.stored_tensor import StoredTensor

Tensors = dict[str, StoredTensor]

# What a folder may hold, in the order in which it is searched: the file to open, and those that belong to it.
WEIGHT_FILES = (
    ("model.safetensors",),
    ("model.safetensors.index.json", "model-*.safetensors"),
    ("pytorch_model.bin",),
    ("pytorch_model.bin.index.json", "pytorch_model-*.bin"),
    ("tf_model.h5",),
    ("tf_model.h5.index.json", "tf_model-*.h5"),
    ("*ckpt*.index", "*ckpt*.data-*"),
    ("saved_model.pb", "variables/*"),
    ("*.keras",),
)


def open_checkpoint(location: str | PathLike) -> tuple[Tensors, str]:
    """Open the weights of a folder, or one weight file.

    Args:
        location: Path of a folder of Hugging Face, of a TensorFlow checkpoint or of a SavedModel; of one weight file
            or index; of a `.keras` file; or the prefix of a TensorFlow checkpoint, such as "bert_model.ckpt".

    Returns:
        A dict from PyTorch's name to `StoredTensor`, and the path of what was opened.

    Raises:
        FileNotFoundError: If there are no weights.
        ValueError: If the file is broken, of a kind that is not read, or one of several that might be meant.

    Example:
        >>> tensors, source = open_checkpoint("path/to/checkpoint")  # doctest: +SKIP
    """
    path = Path(location)
    prefix = Path(f"{path}.index")
    if path.is_dir():
        path = _weights_in(path)
    elif not path.exists() and prefix.is_file():
        path = prefix
    if not path.is_file():
        raise FileNotFoundError(f"No weights at {str(location)!r}: there is no such folder or file.")
    for ending, opener in _OPENERS.items():
        if path.name.endswith(ending):
            return opener(path), str(path)
    raise ValueError(f"{str(path)!r} is no weight file that is read: its name must end in {', '.join(_OPENERS)}.")


def _weights_in(folder: Path) -> Path:
    """Return the file to open."""
    for pattern, *_ in WEIGHT_FILES:
        found = sorted(folder.glob(pattern))
        if len(found) > 1:
            return _latest(found)
        if found:
            return found[0]
    present = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir())
    raise FileNotFoundError(
        f"No weights in {str(folder)!r}. It holds {', '.join(present[:20]) or 'nothing'}{', …' if present[20:] else ''}"
        f"; it should hold one of {', '.join(pattern for pattern, *_ in WEIGHT_FILES)}."
    )


def _latest(files: list[Path]) -> Path:
    """Return Google's own checkpoint, or the last step of the only series; else nobody knows which one is meant."""
    google = files[0].with_name("bert_model.ckpt.index")
    if google in files:
        return google
    matches = [re.fullmatch(r"(.+)-(\d+)\.index", path.name) for path in files]
    steps = {int(match[2]): path for match, path in zip(matches, files) if match}
    if len(steps) < len(files) or len({match[1] for match in matches if match}) > 1:
        raise ValueError(
            f"{str(files[0].parent)!r} holds several checkpoints: {', '.join(path.name for path in files)}. "
            "Give the path of one of them."
        )
    return steps[max(steps)]


def _open_safetensors(path: Path) -> Tensors:
    kind = read_format(path)
    if kind not in (None, "pt", "tf"):
        raise ValueError(
            f"{str(path)!r} holds weights in the layout of {kind!r}; those of 'pt' (PyTorch) and 'tf' are read. "
            "Save it from PyTorch first."
        )
    tensors = open_safetensors(path)
    return from_tf_names(tensors) if kind == "tf" else tensors


def _open_tf_checkpoint(path: Path) -> Tensors:
    prefix = path.with_suffix("")
    is_tf2 = any("layer_with_weights-" in name or "_transformer_layers/" in name for name in open_bundle(prefix))
    return open_tf2_checkpoint(prefix) if is_tf2 else open_tf1_checkpoint(prefix)


# PyTorch's names are their own translation, so that one function serves both layouts of safetensors.
_OPENERS: dict[str, Callable[[Path], Tensors]] = {
    ".safetensors": _open_safetensors,
    ".safetensors.index.json": partial(open_shards, open_one=_open_safetensors, name_in_shard=torch_name_of_tf),
    ".bin": open_torch_file,
    ".bin.index.json": partial(open_shards, open_one=open_torch_file),
    ".h5": open_h5,
    ".h5.index.json": partial(open_shards, open_one=open_h5, name_in_shard=torch_name_of_tf),
    ".index": _open_tf_checkpoint,
    "saved_model.pb": lambda path: open_saved_model(path.parent),
    ".keras": open_keras_archive,
}
