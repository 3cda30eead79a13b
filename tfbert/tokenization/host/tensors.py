"""Lists of model inputs as NumPy arrays or TensorFlow tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

TENSOR_TYPES = ("np", "tf")


def as_tensors(data: Mapping[str, Any], tensor_type: Any, prepend_batch_axis: bool = False) -> dict[str, Any]:
    """Return every value as an array or a tensor.

    Args:
        data: Mapping of str to lists, arrays or tensors.
        tensor_type: "np", "tf" or None, which changes nothing.
        prepend_batch_axis: bool, default False. Make each value a batch of one first.

    Returns:
        A dict.

    Raises:
        ValueError: If the type is none of these, or a value's rows differ in length.
        ImportError: For "pt", PyTorch's tensors.

    Example:
        >>> as_tensors({"input_ids": [[2, 7, 3]]}, "np")["input_ids"].dtype
        dtype('int64')
    """
    if tensor_type is None:
        return dict(data)
    tensor_type = getattr(tensor_type, "value", tensor_type)  # Hugging Face's enum
    if tensor_type == "pt":
        raise ImportError("tfbert makes no PyTorch tensors. Write return_tensors='np' and torch.from_numpy(array).")
    if tensor_type not in TENSOR_TYPES:
        raise ValueError(f"`return_tensors` must be None, 'np' or 'tf'. Received: {tensor_type!r}.")
    return {name: _tensor(name, [value] if prepend_batch_axis else value, tensor_type) for name, value in data.items()}


def _tensor(name: str, value: Any, tensor_type: str) -> Any:
    if tf.is_tensor(value):
        return value.numpy() if tensor_type == "np" else value
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"The rows of {name!r} differ in length, so that they make no tensor. "
            "Write padding=True, and truncation=True where some are too long."
        ) from None
    if not array.size and array.dtype == np.float64:  # NumPy's type for empty lists
        array = array.astype(np.int64)
    if tensor_type == "np":
        return array
    return tf.constant(array, tf.int32 if array.dtype == np.int64 else None)
