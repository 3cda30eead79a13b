"""TensorFlow's checkpoint files (`….index` and `….data-…`): every tensor by the name that it has there."""

from __future__ import annotations

import functools
import glob
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.checkpoints.stored_tensor import StoredTensor


def open_bundle(prefix: str | PathLike) -> dict[str, StoredTensor]:
    """Open a TensorFlow checkpoint; strings in it are passed over.

    Args:
        prefix: Path of the checkpoint without `.index`, such as "path/to/bert_model.ckpt".

    Returns:
        A dict from the name in the file to `StoredTensor`. Values are read one tensor at a time.

    Raises:
        FileNotFoundError: If the index or the data are missing.
        ValueError: If the index is broken; reading broken data raises it too.
    """
    reader = bundle_reader(prefix)
    shapes, types = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    tensors: dict[str, StoredTensor] = {}
    for name in sorted(name for name in shapes if types[name] != tf.string):
        load = functools.partial(read_entry, reader, name, str(prefix))
        dtype = np.dtype(types[name].as_numpy_dtype).name
        tensors[name] = StoredTensor(name, tuple(shapes[name]), dtype, str(prefix), load)
    return tensors


def bundle_reader(prefix: str | PathLike) -> Any:
    """Return TensorFlow's reader of a checkpoint.

    Args:
        prefix: Path of the checkpoint without `.index`.

    Returns:
        A `tf.train.CheckpointReader`.

    Raises:
        FileNotFoundError: If the index or the data are missing.
        ValueError: If the index is broken.
    """
    prefix = str(prefix)
    if not Path(f"{prefix}.index").is_file():
        raise FileNotFoundError(f"No checkpoint at {prefix!r}: there is no {Path(prefix).name}.index.")
    if not glob.glob(f"{glob.escape(prefix)}.data-*"):
        raise FileNotFoundError(f"The checkpoint {prefix!r} has an index but no {Path(prefix).name}.data-… beside it.")
    try:
        return tf.train.load_checkpoint(prefix)
    except (tf.errors.OpError, RuntimeError) as error:
        raise ValueError(f"The index of {prefix!r} is broken: {error}. Fetch the checkpoint again.") from error


def read_entry(reader: Any, name: str, source: str) -> Any:
    """Return one entry of a checkpoint.

    Args:
        reader: `tf.train.CheckpointReader`.
        name: str.
        source: str. The checkpoint, for messages.

    Returns:
        An array; of a string its bytes.

    Raises:
        ValueError: If its data are truncated or do not match their checksum.
    """
    try:
        return reader.get_tensor(name)
    except (tf.errors.OpError, RuntimeError, IndexError) as error:  # TensorFlow passes some on as Python's
        raise ValueError(
            f"The tensor {name!r} of {source!r} is broken: {error}. Fetch the checkpoint again."
        ) from error
