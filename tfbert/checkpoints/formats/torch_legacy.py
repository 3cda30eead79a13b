"""PyTorch files before version 1.6: pickles one after the other, then the storages."""

from __future__ import annotations

import mmap
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, cast

from tfbert.checkpoints.formats.torch_pickle import read_torch_pickle
from tfbert.checkpoints.formats.torch_storage import TorchStorage

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001


def read_torch_legacy(path: str | PathLike) -> tuple[Any, dict[str, tuple[int, int]]]:
    """Read the pickles of a file in the older format and find its storages.

    Args:
        path: Path of the file.

    Returns:
        What was pickled, with a `TorchTensor` for every tensor; and a dict from a storage's key to its first byte and
        its number of bytes, fewer than announced where the file ends early.

    Raises:
        ValueError: If the file is no PyTorch file, or of a big-endian machine.
    """
    source = str(path)
    if not Path(path).stat().st_size:
        raise ValueError(f"{source!r} is empty. Fetch the checkpoint again.")
    # Mapped only while the pickles are read: it gives no more than there is, whatever length a pickle claims.
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as stream:
        pickles = cast(BinaryIO, stream)
        magic, version, system = (read_torch_pickle(pickles, source)[0] for _ in range(3))
        if magic != MAGIC_NUMBER or version != PROTOCOL_VERSION or not isinstance(system, dict):
            raise ValueError(f"{source!r} is no PyTorch file: its first values are others. Fetch the checkpoint again.")
        if system.get("little_endian") is not True:
            raise ValueError(f"{source!r} was written by a big-endian machine. Save it again on a little-endian one.")
        content, storages = read_torch_pickle(pickles, source)
        keys, _ = read_torch_pickle(pickles, source)
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len({*keys}) < len(keys):
            raise ValueError(f"{source!r} is corrupt: its list of storages is none. Fetch the checkpoint again.")
        return content, _places(stream, keys, storages)


def _places(stream: mmap.mmap, keys: list[str], storages: dict[str, TorchStorage]) -> dict[str, tuple[int, int]]:
    """Walk over the storages, each after its number of values; those behind the file's end are left out."""
    places: dict[str, tuple[int, int]] = {}
    start = stream.tell()
    for key in keys:
        if key not in storages or start + 8 > len(stream):
            break
        count = int.from_bytes(stream[start : start + 8], "little")
        start += 8
        end = start + count * storages[key].dtype.itemsize
        places[key] = (start, min(end, len(stream)) - start)
        start = end
    return places
