"""`pytorch_model.bin`: PyTorch's own weight files, opened without PyTorch and without running anything in them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.checkpoints.formats.torch_legacy import read_torch_legacy
from tfbert.checkpoints.formats.torch_tensor import TorchTensor
from tfbert.checkpoints.formats.torch_zip import read_torch_zip
from tfbert.checkpoints.stored_tensor import StoredTensor

# Where training scripts put the weights of a checkpoint that holds more than them.
WRAPPERS = ("state_dict", "model_state_dict", "model")


def open_torch_file(path: str | PathLike) -> dict[str, StoredTensor]:
    """Open a file that `torch.save` wrote; the values stay in it until they are asked for.

    Args:
        path: Path of the file, in the zip format or in the one before PyTorch 1.6. It holds a dict of tensors, or a
            dict with such a one under "state_dict", "model_state_dict" or "model"; entries that are no tensors are
            passed over.

    Returns:
        A dict from the file's names to `StoredTensor`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated or corrupt, or asks for anything else than tensors and plain data, of which
            nothing is run.

    Example:
        >>> tensors = open_torch_file("path/to/pytorch_model.bin")  # doctest: +SKIP
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No weight file at {str(path)!r}.")
    with path.open("rb") as file:
        is_zip = file.read(4) == b"PK\3\4"
    content, places = read_torch_zip(path) if is_zip else read_torch_legacy(path)
    tensors = {name: value for name, value in _weights(content).items() if isinstance(value, TorchTensor)}
    if not tensors or not all(isinstance(name, str) for name in tensors):
        raise ValueError(
            f"{str(path)!r} must hold a dict from names to tensors. Received: a {type(content).__name__} without. "
            "Save the weights alone: torch.save(model.state_dict(), 'pytorch_model.bin')."
        )
    return {name: tensor.store(name, path, places) for name, tensor in tensors.items()}


def _weights(content: Any) -> dict[Any, Any]:
    """Return the dict that holds the tensors."""
    if not isinstance(content, dict):
        return {}
    return next((content[key] for key in WRAPPERS if isinstance(content.get(key), dict)), content)
