"""The call contract of every model: positional, list, dict or keyword arguments, checked and as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Tensor arguments in the documented order, which lists follow, with the ranks that each may have.
TENSOR_ARGUMENTS: dict[str, tuple[int, ...]] = {
    "input_ids": (2,),
    "attention_mask": (2, 3),
    "token_type_ids": (2,),
    "position_ids": (2,),
    "head_mask": (1, 2, 5),
    "inputs_embeds": (3,),
    "labels": (1, 2),
}
FLOAT_ARGUMENTS = {"head_mask", "inputs_embeds"}


def gather_inputs(args: tuple[Any, ...], kwargs: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Bind what a model was called with to argument names, in whichever form it came.

    Args:
        args: Positional arguments; the first may be a tensor, nested lists of ids, a list or tuple of tensors in the
            documented order, or a dict.
        kwargs: Keyword arguments.
        names: list of str. The model's argument names in the documented order.

    Returns:
        A dict from argument name to value, without the values that are None; tensor arguments are tensors: int32, or
        float32 for `head_mask` and `inputs_embeds`.

    Raises:
        TypeError: For an unknown or doubled name.
        ValueError: For too many values, a wrong rank, or shapes that do not belong together.
    """
    if args and isinstance(args[0], Mapping):
        if len(args) > 1:
            raise TypeError("Give either a dict of inputs or positional tensors. Received: both.")
        pairs = list(args[0].items())
    elif args and _is_list_of_tensors(args[0]):
        if len(args) > 1:
            raise TypeError("Give either a list of inputs or positional tensors. Received: both.")
        pairs = _in_order(args[0], names)
    else:
        pairs = _in_order(args, names)
    bound: dict[str, Any] = {}
    for name, value in [*pairs, *kwargs.items()]:
        if name not in names:
            raise TypeError(f"Unknown input {name!r}. This model takes: {', '.join(names)}.")
        if bound.get(name) is not None and value is not None:
            raise TypeError(f"The input {name!r} was given twice.")
        if value is not None:
            bound[name] = value
    inputs = {name: _as_tensor(name, value) if name in TENSOR_ARGUMENTS else value for name, value in bound.items()}
    _check_together(inputs)
    return inputs


def check_within(inputs: Mapping[str, Any], vocab_size: int, type_vocab_size: int, max_positions: int) -> None:
    """Refuse ids and lengths that the embedding tables do not hold.

    Lengths are checked wherever they are static, ids wherever their values are at hand (outside `tf.function`; inside
    it the gather of the CPU kernel refuses them).

    Args:
        inputs: dict, as `gather_inputs` returns it.
        vocab_size, type_vocab_size, max_positions: int. Rows of the three tables.

    Raises:
        ValueError: If a row does not exist.
    """
    dense = inputs.get("input_ids", inputs.get("inputs_embeds"))
    length = dense.shape[1]
    if length is not None and length > max_positions and "position_ids" not in inputs:
        raise ValueError(
            f"The input has {length} positions, but the model has position embeddings for {max_positions}. "
            f"Truncate it: FastBertTokenizer(..., max_length={max_positions})."
        )
    limits = {"input_ids": vocab_size, "token_type_ids": type_vocab_size, "position_ids": max_positions}
    for name, limit in limits.items():
        ids = inputs.get(name)
        if ids is None or not hasattr(ids, "numpy"):
            continue
        values = ids.numpy()
        if values.size and (values.min() < 0 or values.max() >= limit):
            raise ValueError(
                f"`{name}` must lie from 0 to {limit - 1}. Received values from {values.min()} to {values.max()}."
            )


def _is_list_of_tensors(value: Any) -> bool:
    """Whether it is [ids, mask, …] rather than ids as nested lists of numbers."""
    if not isinstance(value, list | tuple) or not value:
        return False
    return any(isinstance(item, keras.KerasTensor | np.ndarray) or tf.is_tensor(item) for item in value)


def _in_order(values, names: list[str]) -> list[tuple[str, Any]]:
    tensor_names = [name for name in names if name in TENSOR_ARGUMENTS and name != "labels"]
    if len(values) > len(tensor_names):
        raise ValueError(
            f"A list holds at most {len(tensor_names)} inputs, in the order {', '.join(tensor_names)}. "
            f"Received: {len(values)}. Give the others by name."
        )
    return list(zip(tensor_names, values))


def _as_tensor(name: str, value: Any) -> Any:
    if isinstance(value, tf.RaggedTensor):
        raise TypeError(f"`{name}` must be a dense tensor. Received: a RaggedTensor. Write {name}.to_tensor().")
    symbolic = isinstance(value, keras.KerasTensor)
    if not symbolic:
        try:
            value = tf.convert_to_tensor(value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"`{name}` cannot be read as a tensor; rows must have one length: {error}") from error
    dtype = tf.as_dtype(value.dtype)
    if not (dtype.is_integer or dtype.is_floating or dtype.is_bool):
        raise TypeError(
            f"`{name}` must hold numbers. Received: {dtype.name}. For text take a class of tfbert.tasks, "
            "or tokenize first: model(tokenizer(text))."
        )
    if len(value.shape) not in TENSOR_ARGUMENTS[name]:
        expected = " or ".join(str(rank) for rank in TENSOR_ARGUMENTS[name])
        raise ValueError(f"`{name}` must have rank {expected}. Received the shape: {tuple(value.shape)}.")
    if name == "labels":
        return value
    if name in FLOAT_ARGUMENTS:
        return value if dtype.is_floating else keras.ops.cast(value, "float32")
    if dtype.is_floating and name != "attention_mask":
        raise TypeError(
            f"`{name}` must hold integers. Received: {dtype.name}. For a symbolic input write dtype='int32'."
        )
    return value if dtype == tf.int32 else keras.ops.cast(value, "int32")


def _check_together(inputs: Mapping[str, Any]) -> None:
    if ("input_ids" in inputs) == ("inputs_embeds" in inputs):
        found = "both" if "input_ids" in inputs else "neither"
        raise ValueError(f"Give exactly one of `input_ids` and `inputs_embeds`. Received: {found}.")
    dense_name = "input_ids" if "input_ids" in inputs else "inputs_embeds"
    expected = tuple(inputs[dense_name].shape[:2])
    for name in ("attention_mask", "token_type_ids", "position_ids"):
        if name not in inputs:
            continue
        shape = tuple(inputs[name].shape)
        broadcasts = name != "attention_mask" and shape[0] == 1
        pairs = list(zip(shape, expected))[1 if broadcasts else 0 :]
        if any(a is not None and b is not None and a != b for a, b in pairs):
            raise ValueError(f"`{name}` must have the shape of `{dense_name}`, {expected}. Received: {shape}.")
