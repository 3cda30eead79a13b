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


def as_text_inputs(inputs: Any) -> dict[str, tf.Tensor]:
    """Turn a task's input into `{"text": [B]}`, with `"text_pair": [B]` where there are pairs.

    Args:
        inputs: Anything that `as_text` takes (rows of two texts are pairs), or a dict with the keys "text" and,
            for pairs, "text_pair".

    Returns:
        A dict of `tf.string` tensors [B].

    Raises:
        TypeError, ValueError: As `as_text`; also for unknown keys and columns of different lengths.
    """
    if not isinstance(inputs, dict):
        text = as_text(inputs)
        return {"text": text} if len(text.shape) == 1 else {"text": text[:, 0], "text_pair": text[:, 1]}
    if "text" not in inputs or set(inputs) - {"text", "text_pair"}:
        raise ValueError(
            "A dict of texts must have the key 'text' and, for pairs, 'text_pair'. "
            f"Received the keys: {sorted(map(str, inputs))}."
        )
    columns = {name: as_text(inputs[name], name) for name in ("text", "text_pair") if inputs.get(name) is not None}
    for name, column in columns.items():
        if len(column.shape) != 1:
            raise ValueError(f"`{name}` must have the shape [B] inside a dict. Received: {tuple(column.shape)}.")
    rows = {int(column.shape[0]) for column in columns.values() if column.shape[0] is not None}
    if len(rows) > 1:
        raise ValueError(
            f"`text` and `text_pair` must have the same number of rows. "
            f"Received: {columns['text'].shape[0]} and {columns['text_pair'].shape[0]}."
        )
    return columns


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


def as_str_array(values: np.ndarray) -> np.ndarray:
    """Return an array of Python str where TensorFlow gave bytes; other arrays come back as they are.

    Args:
        values: A NumPy array.

    Returns:
        A NumPy array of the same shape.
    """
    if values.dtype != object:
        return values
    decoded = [value.decode("utf-8", "replace") for value in values.reshape(-1)]
    return np.array(decoded, dtype=object).reshape(values.shape)
