"""The pickle inside a PyTorch file: names it may use, and the storages that it refers to."""

from __future__ import annotations

from typing import Any, BinaryIO

from tfbert.checkpoints.formats.restricted_unpickler import RestrictedUnpickler
from tfbert.checkpoints.formats.torch_storage import STORAGE_DTYPES, TorchStorage
from tfbert.checkpoints.formats.torch_tensor import TorchTensor


def _empty_dict() -> dict:
    return {}


def _tensor_of_parameter(tensor: Any, *_: Any) -> Any:
    return tensor


# All that a file of weights may ask for. A storage class stands for its type of value and cannot be called.
ALLOWED: dict[str, Any] = {
    "collections.OrderedDict": _empty_dict,
    "torch.Size": tuple,
    "torch._utils._rebuild_tensor": TorchTensor.rebuild,
    "torch._utils._rebuild_tensor_v2": TorchTensor.rebuild,
    "torch._utils._rebuild_parameter": _tensor_of_parameter,
    **STORAGE_DTYPES,
}


def read_torch_pickle(stream: BinaryIO, source: str) -> tuple[Any, dict[str, TorchStorage]]:
    """Read one pickle of a PyTorch file.

    Args:
        stream: Binary file at the pickle's first byte.
        source: str. The file, for messages.

    Returns:
        What was pickled, with a `TorchTensor` for every tensor; and the storages that it refers to, by their keys.

    Raises:
        ValueError: If the pickle is broken, or asks for anything else than tensors and plain data.
    """
    storages: dict[str, TorchStorage] = {}

    def storage_of(identity: Any) -> TorchStorage:
        storage = TorchStorage.from_id(identity)
        if storages.setdefault(storage.key, storage) != storage:
            raise ValueError(f"its pickle describes the storage {storage.key!r} in two ways")
        return storage

    return RestrictedUnpickler(ALLOWED, storage_of, source).load(stream), storages
