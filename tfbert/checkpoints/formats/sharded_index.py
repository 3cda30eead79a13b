"""Sharded checkpoints: an index that says which file holds which tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path

from tfbert.checkpoints.stored_tensor import StoredTensor
from tfbert.json_file import read_json


def open_shards(
    index_path: str | PathLike,
    open_one: Callable[[Path], Mapping[str, StoredTensor]],
    name_in_shard: Callable[[str], str] = str,
) -> dict[str, StoredTensor]:
    """Open every shard that a `*.index.json` names.

    Args:
        index_path: Path of the index: `model.safetensors.index.json`, `pytorch_model.bin.index.json` or
            `tf_model.h5.index.json`.
        open_one: Function that opens one shard, such as `open_safetensors`.
        name_in_shard: Function from a name in the index to the shard's name of the tensor, default the same.

    Returns:
        A dict from the shards' names to `StoredTensor`, for every tensor that the index names.

    Raises:
        FileNotFoundError: If the index or a shard is missing.
        ValueError: If the index is none, a shard lies outside its folder, or one lacks a tensor that the index
            promises.

    Example:
        >>> tensors = open_shards("path/to/model.safetensors.index.json", open_safetensors)  # doctest: +SKIP
    """
    index_path = Path(index_path)
    weight_map = read_json(index_path).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map or not all(isinstance(v, str) for v in weight_map.values()):
        raise ValueError(f"{str(index_path)!r} must hold a `weight_map` from names of tensors to names of files.")
    promised: dict[str, list[str]] = {}
    for name, shard in weight_map.items():
        promised.setdefault(shard, []).append(name)
    # All paths are judged before the first one is opened.
    paths = {shard: _inside(index_path, shard, names[0]) for shard, names in promised.items()}
    tensors: dict[str, StoredTensor] = {}
    for shard, names in promised.items():
        held = open_one(paths[shard])
        wanted = [name_in_shard(name) for name in names]
        absent = [name for name in wanted if name not in held]
        if absent:
            raise ValueError(
                f"{str(paths[shard])!r} lacks {len(absent)} of the {len(wanted)} tensors that {index_path.name} "
                f"promises: {', '.join(absent[:3])}{', …' if absent[3:] else ''}. Fetch the checkpoint again."
            )
        tensors.update((name, held[name]) for name in wanted)
    return tensors


def _inside(index_path: Path, shard: str, name: str) -> Path:
    """Return a shard's path; one that leaves the folder of the index is refused."""
    path = index_path.parent / shard
    # A Hugging Face cache keeps the index and its shards as links to files that lie side by side elsewhere.
    homes = (index_path.parent.resolve(), index_path.resolve().parent)
    if not any(path.resolve().is_relative_to(home) for home in homes):
        raise ValueError(f"{str(index_path)!r} puts tensor {name!r} into a file outside its folder: {shard!r}.")
    if not path.is_file():
        raise FileNotFoundError(f"No {shard!r} beside {str(index_path)!r}, which puts tensor {name!r} into it.")
    return path
