"""Every form of text that a user may hand over, as one string tensor."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf


def as_text(value: Any, name: str = "text") -> tf.Tensor:
    """Turn any form of text into a string tensor.

    Args:
        value: A str or bytes (one row); a list or tuple of them; a NumPy array of any string kind (`<U`, `S`, objects,
            StringDType); a pandas Series or another array-like; a `tf.string` tensor; a symbolic Keras tensor. Rows of
            two texts, [B, 2], are pairs.
        name: str. The argument's name in error messages.

    Returns:
        A `tf.string` tensor [B] or [B, 2]; a symbolic input comes back as it is.

    Raises:
        TypeError: If something in it is no text; the message names the row.
        ValueError: If it has another rank, is an empty list, or holds text that is no valid Unicode.

    Example:
        >>> from tfbert.tokenization.text_input import as_text
        >>> as_text(("one", b"two")).numpy().tolist()
        [b'one', b'two']
    """
    if not (isinstance(value, keras.KerasTensor) or tf.is_tensor(value)):
        value = _as_constant(value, name)
    if isinstance(value, tf.RaggedTensor | tf.SparseTensor):
        raise TypeError(
            f"`{name}` must be a dense string tensor of shape [B]. Received: {type(value).__name__} of shape "
            f"{value.shape}. Join the words of each row first: tf.strings.reduce_join(text, axis=-1, separator=' ')."
        )
    if value.dtype not in (tf.string, "string"):
        raise TypeError(f"`{name}` must hold strings. Received: a tensor of {value.dtype}, shape {value.shape}.")
    return _checked_rank(value, name)


def _as_constant(value: Any, name: str) -> tf.Tensor:
    if isinstance(value, str | bytes):
        value = [value]
    if not (isinstance(value, list | tuple) or hasattr(value, "__array__")):
        raise TypeError(
            f"`{name}` must be a string, a list, an array or a tensor of strings. Received: {type(value).__name__}."
        )
    if isinstance(value, list | tuple) and not len(value):
        raise ValueError(f"`{name}` is an empty list. Give at least one text, or tf.constant([], tf.string).")
    array = np.asarray(value, dtype=object)
    encoded = [_encoded(text, row, name) for row, text in enumerate(array.reshape(-1))]
    return tf.constant(encoded, tf.string, shape=array.shape)


def _encoded(text: Any, row: int, name: str) -> bytes:
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        raise TypeError(
            f"`{name}` must hold strings only. Received: {text!r} ({type(text).__name__}) at position {row}. "
            "Drop missing texts or replace them by ''."
        )
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"`{name}` holds a lone surrogate at position {row}, which is no valid Unicode: {text!r}. "
            "Clean it first: text.encode('utf-8', 'replace').decode()."
        ) from error


def _checked_rank(text: Any, name: str) -> Any:
    rank = tf.TensorShape(text.shape).rank
    if rank is None:
        raise ValueError(
            f"`{name}` must have a known rank. Received: a tensor of unknown shape. Declare it, for instance "
            "output_signature=tf.TensorSpec([], tf.string) in Dataset.from_generator."
        )
    if rank == 0:
        return tf.reshape(text, [1])
    if rank == 2 and text.shape[1] == 1:
        return text[:, 0]
    if rank == 1 or (rank == 2 and text.shape[1] == 2):
        return text
    raise ValueError(
        f"`{name}` must have the shape [B] (one text a row) or [B, 2] (a pair a row). Received: {tuple(text.shape)}. "
        "For further columns join the texts first: tf.strings.join([a, b], separator=' ')."
    )
