"""safetensors files out: in shards of bounded size, one tensor in memory at a time, whole or not at all."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np

from tfbert.checkpoints.formats.safetensors_header import DTYPES, METADATA
from tfbert.checkpoints.stored_tensor import StoredTensor
from tfbert.json_file import write_json

SUFFIX = ".safetensors"
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
KINDS = {dtype: kind for kind, dtype in DTYPES.items()}


def write_safetensors(
    tensors: Mapping[str, np.ndarray | StoredTensor | Callable[[], np.ndarray]],
    folder: str | PathLike,
    max_shard_size: int | str = "5GB",
    name: str = "model",
) -> list[Path]:
    """Write one safetensors file, or shards with an index, as PyTorch's transformers names and reads them.

    Files are written beside their places and renamed once all are whole; then those of an earlier save that no longer
    belong to the checkpoint are removed.

    Args:
        tensors: dict from name to array, to `StoredTensor`, or to a function that returns the array. A function is
            called twice: for the array's size and for its values.
        folder: Path of the folder, which is made if it is missing.
        max_shard_size: int of bytes or str, default "5GB". The most that one file's tensors take, such as "500MB".
        name: str, default "model". What the files' names begin with.

    Returns:
        The weight files, without the index.

    Raises:
        ValueError: If `max_shard_size` is no size, a tensor's type has no place in the format, or a tensor is not what
            its description says.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [path.name for path in write_safetensors({"a": np.ones(3), "b": np.ones(9)}, folder, 90)]
        ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stored = {key: _as_stored(key, value) for key, value in tensors.items()}
    shards = _split(stored, _byte_limit(max_shard_size))
    count = len(shards)
    endings = [f"-{number:05d}-of-{count:05d}" for number in range(1, count + 1)] if count > 1 else [""]
    files = {folder / f"{name}{ending}{SUFFIX}": shard for ending, shard in zip(endings, shards)}
    index = folder / f"{name}{SUFFIX}.index.json"
    targets = [*files, index] if count > 1 else [*files]
    try:
        for path, shard in files.items():
            _write_file(_partial(path), shard)
        if count > 1:
            write_json(_partial(index), _index(files))
            if any(path.exists() for path in files):
                index.unlink(missing_ok=True)  # it must not name a mixture of old and new shards, not even for a moment
        for path in targets:
            os.replace(_partial(path), path)
    finally:
        for path in targets:
            _partial(path).unlink(missing_ok=True)
    ours = re.compile(rf"{re.escape(name)}(-\d{{5}}-of-\d{{5}})?{re.escape(SUFFIX)}(\.index\.json)?")
    for path in set(folder.iterdir()) - set(targets):
        if ours.fullmatch(path.name):
            path.unlink()
    return list(files)


def _as_stored(name: str, value: np.ndarray | StoredTensor | Callable[[], np.ndarray]) -> StoredTensor:
    if isinstance(value, StoredTensor):
        stored = value
    else:
        load: Callable[[], np.ndarray] = value if callable(value) else partial(np.asarray, value)
        array = load()
        stored = StoredTensor(name, array.shape, array.dtype.name, "memory", load)
    if stored.dtype not in KINDS:
        raise ValueError(f"Tensor {name!r} must have one of the types {', '.join(KINDS)}. Received: {stored.dtype}.")
    return stored


def _byte_limit(size: int | str) -> int:
    match = re.fullmatch(r"(\d+) ?([KMGT]B)", size, re.IGNORECASE) if isinstance(size, str) else None
    limit = int(match[1]) * UNITS[match[2].upper()] if match else size
    if type(limit) is not int or limit <= 0:
        raise ValueError(f"`max_shard_size` must be a number of bytes, or one such as '500MB'. Received: {size!r}.")
    return limit


def _byte_count(tensor: StoredTensor) -> int:
    return math.prod(tensor.shape) * np.dtype(tensor.dtype).itemsize


def _split(tensors: Mapping[str, StoredTensor], limit: int) -> list[dict[str, StoredTensor]]:
    """Fill one shard after the other; a tensor above the limit has one to itself."""
    shards: list[dict[str, StoredTensor]] = [{}]
    filled = 0
    for name, tensor in tensors.items():
        count = _byte_count(tensor)
        if shards[-1] and filled + count > limit:
            shards.append({})
            filled = 0
        shards[-1][name] = tensor
        filled += count
    return shards


def _index(files: Mapping[Path, Mapping[str, StoredTensor]]) -> dict[str, dict]:
    total = sum(_byte_count(tensor) for shard in files.values() for tensor in shard.values())
    return {
        "metadata": {"total_size": total},
        "weight_map": {name: path.name for path, shard in files.items() for name in shard},
    }


def _write_file(path: Path, tensors: Mapping[str, StoredTensor]) -> None:
    # Wide types first, so that every tensor lies at a multiple of its item's size.
    ordered = sorted(tensors.items(), key=lambda item: (-np.dtype(item[1].dtype).itemsize, item[0]))
    header: dict[str, dict] = {METADATA: {"format": "pt"}}
    start = 0
    for name, tensor in ordered:
        end = start + _byte_count(tensor)
        header[name] = {"dtype": KINDS[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, tensor in ordered:
            array = tensor.load()
            if (array.shape, array.dtype.name) != (tensor.shape, tensor.dtype):
                raise ValueError(
                    f"Tensor {name!r} must be {tensor.dtype} {list(tensor.shape)}. "
                    f"Received: {array.dtype.name} {list(array.shape)}."
                )
            np.ascontiguousarray(array, tensor.dtype).tofile(file)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")
