"""Whether a value is TensorFlow's, asked without importing TensorFlow: where nobody has, no value is."""

from __future__ import annotations

import sys
from typing import Any


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of TensorFlow.

    Args:
        value: Anything.

    Returns:
        bool.

    Example:
        >>> is_tensor(["a list"])
        False
    """
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and tensorflow.is_tensor(value)


def is_dataset(value: Any) -> bool:
    """Whether a value is a `tf.data.Dataset`.

    Args:
        value: Anything.

    Returns:
        bool.

    Example:
        >>> is_dataset(["a list"])
        False
    """
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(value, tensorflow.data.Dataset)
