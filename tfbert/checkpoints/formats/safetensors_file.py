"""safetensors files: opened with every fault named, read one tensor at a time."""

from __future__ import annotations

from functools import partial
from os import PathLike

from tfbert.checkpoints.formats.file_values import read_values
from tfbert.checkpoints.formats.safetensors_header import read_header
from tfbert.checkpoints.stored_tensor import StoredTensor


def open_safetensors(path: str | PathLike) -> dict[str, StoredTensor]:
    """Open a safetensors file; the values stay in it until they are asked for.

    Args:
        path: Path of the file.

    Returns:
        A dict from the file's names to `StoredTensor`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated or corrupt; the message names the tensor.

    Example:
        >>> tensors = open_safetensors("path/to/model.safetensors")  # doctest: +SKIP
    """
    _, entries = read_header(path)
    return {
        name: StoredTensor(
            name,
            entry.shape,
            entry.dtype.name,
            str(path),
            partial(read_values, path, name, entry.dtype, entry.start, entry.shape),
        )
        for name, entry in entries.items()
    }


def read_format(path: str | PathLike) -> str | None:
    """Read which library's names and layout a safetensors file has.

    Args:
        path: Path of the file.

    Returns:
        "pt", "tf", "flax" or "mlx"; None where the file does not say.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated or corrupt.
    """
    metadata, _ = read_header(path)
    return metadata.get("format")
