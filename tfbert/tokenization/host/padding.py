"""Pads rows of ids that are there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.tokenization.host.lengths import Lengths

INPUT_IDS = "input_ids"


def pad_rows(
    encoded_inputs: Any, lengths: Lengths, pad_token_id: int, return_attention_mask: bool
) -> tuple[dict[str, Any], str | None]:
    """Pad one row, or a batch of rows, of model inputs.

    Args:
        encoded_inputs: Mapping of name to row (or batch of rows), or a list of mappings of name to row. Rows are lists,
            arrays or tensors. `input_ids`, `attention_mask`, `token_type_ids` and `special_tokens_mask` are padded,
            others stay as they are.
        lengths: `Lengths`.
        pad_token_id: int.
        return_attention_mask: bool. Add the mask where it is missing.

    Returns:
        The padded inputs as lists; and the kind of tensors, "np" or "tf", that they came in.

    Raises:
        TypeError: If the inputs are none of these.
        ValueError: If `input_ids` are missing, or inputs have different numbers of rows.

    Example:
        >>> lengths = Lengths(padding="longest", truncation="do_not_truncate", max_length=None)
        >>> pad_rows({"input_ids": [[2, 3], [2, 7, 3]]}, lengths, 0, return_attention_mask=False)[0]
        {'input_ids': [[2, 3, 0], [2, 7, 3]]}
    """
    if isinstance(encoded_inputs, list | tuple) and encoded_inputs and isinstance(encoded_inputs[0], Mapping):
        encoded_inputs = {name: [row[name] for row in encoded_inputs] for name in encoded_inputs[0]}
    if not isinstance(encoded_inputs, Mapping):
        raise TypeError(
            "`encoded_inputs` must be a dict such as {'input_ids': [[2, 7, 3]]}, or a list of dicts. "
            f"Received: {type(encoded_inputs).__name__}."
        )
    if INPUT_IDS not in encoded_inputs:
        raise ValueError(f"`encoded_inputs` must have the key {INPUT_IDS!r}. Received: {list(encoded_inputs)}.")
    kind = _kind(encoded_inputs[INPUT_IDS])
    inputs = {name: _as_list(value) for name, value in encoded_inputs.items()}
    if not inputs[INPUT_IDS]:
        return ({**inputs, "attention_mask": []} if return_attention_mask else inputs), kind
    single = not isinstance(inputs[INPUT_IDS][0], list)
    if single:
        inputs = {name: [value] for name, value in inputs.items()}
    rows = len(inputs[INPUT_IDS])
    for name, value in inputs.items():
        if not isinstance(value, list) or len(value) != rows:
            raise ValueError(f"Every input must have {rows} rows, as {INPUT_IDS!r} has. Received other for {name!r}.")
    if return_attention_mask and "attention_mask" not in inputs:
        inputs["attention_mask"] = [[1] * len(row) for row in inputs[INPUT_IDS]]
    length = lengths.padded(max(map(len, inputs[INPUT_IDS])))
    missing = [max(0, length - len(row)) for row in inputs[INPUT_IDS]]
    fills = {INPUT_IDS: pad_token_id, "attention_mask": 0, "token_type_ids": 0, "special_tokens_mask": 1}
    for name in set(fills) & set(inputs):
        pads = ([fills[name]] * count for count in missing)
        left = lengths.padding_side == "left"
        inputs[name] = [pad + row if left else row + pad for row, pad in zip(inputs[name], pads)]
    return ({name: value[0] for name, value in inputs.items()} if single else inputs), kind


def _kind(value: Any) -> str | None:
    """Return what tensors a value is, or is a list of."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    if tf.is_tensor(first):
        return "tf"
    return "np" if isinstance(first, np.ndarray) else None


def _as_list(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_list(each) for each in value]
    if hasattr(value, "numpy"):
        value = value.numpy()
    return value.tolist() if hasattr(value, "tolist") else value
