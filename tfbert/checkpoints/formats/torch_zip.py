"""PyTorch files since version 1.6: a zip archive of a pickle and of uncompressed storages."""

from __future__ import annotations

import io
import struct
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from tfbert.checkpoints.formats.torch_pickle import read_torch_pickle

ENCRYPTED = 1  # bit of an entry's flags
ENTRY_HEADER = struct.Struct("<4s22xHH")  # signature, …, lengths of the name and of the extra field
LONGEST_PICKLE = 100_000_000  # bytes; that of a big model has some hundred thousand


def read_torch_zip(path: str | PathLike) -> tuple[Any, dict[str, tuple[int, int]]]:
    """Read the pickle of a zip file and find its storages; nothing is unpacked to the disk.

    Args:
        path: Path of the file.

    Returns:
        What was pickled, with a `TorchTensor` for every tensor; and a dict from a storage's key to its first byte and
        its number of bytes, fewer than announced where the file ends early.

    Raises:
        ValueError: If the archive is truncated, compressed, of a big-endian machine or none of PyTorch's.

    Source:
        https://docs.pytorch.org/docs/stable/notes/serialization.html#torch-save-format
    """
    source, size = str(path), Path(path).stat().st_size
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            entries = _checked_entries(archive, size)
            pickles = [name for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
            if len(pickles) != 1:
                raise ValueError(f"expected one data.pkl in it, received {len(pickles)}")
            root = pickles[0].removesuffix("data.pkl")
            if entries[pickles[0]].file_size > LONGEST_PICKLE:
                raise ValueError(f"its data.pkl has more than {LONGEST_PICKLE} bytes")
            if root + "byteorder" in entries and archive.read(root + "byteorder") != b"little":
                raise ValueError("it was written by a big-endian machine; save it again on a little-endian one")
            pickled = archive.read(pickles[0])
            places = {
                name.removeprefix(root + "data/"): _place(file, entry, size)
                for name, entry in entries.items()
                if name.startswith(root + "data/")
            }
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, struct.error, ValueError) as error:
        raise ValueError(
            f"{source!r} ({size} bytes) is truncated or no PyTorch file: {error}. Fetch the checkpoint again."
        ) from error
    content, _ = read_torch_pickle(io.BytesIO(pickled), source)
    return content, places


def _checked_entries(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """Refuse entries that PyTorch never writes: compressed, encrypted, doubled, or larger than the file."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        if entry.filename in entries:
            raise ValueError(f"it has the entry {entry.filename!r} twice")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise ValueError(f"its entry {entry.filename!r} is compressed, which PyTorch's never are")
        if entry.flag_bits & ENCRYPTED:
            raise ValueError(f"its entry {entry.filename!r} is encrypted")
        entries[entry.filename] = entry
    claimed = sum(entry.file_size for entry in entries.values())
    if claimed > size:
        raise ValueError(f"its entries claim {claimed} bytes")
    return entries


def _place(file: BinaryIO, entry: zipfile.ZipInfo, size: int) -> tuple[int, int]:
    """Return where an entry's content begins, behind a header of unknown length, and how much of it the file holds."""
    file.seek(entry.header_offset)
    signature, name_length, extra_length = ENTRY_HEADER.unpack(file.read(ENTRY_HEADER.size))
    if signature != b"PK\3\4":
        raise ValueError(f"its entry {entry.filename!r} does not begin where its directory says")
    start = entry.header_offset + ENTRY_HEADER.size + name_length + extra_length
    return start, min(entry.file_size, size - start)
