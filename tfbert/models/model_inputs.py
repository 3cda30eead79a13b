"""The call contract of every model: positional, list, dict or keyword arguments, checked and as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.config import BertConfig

# The documented order of arguments; each model takes those of one of the first two groups, then its labels.
ENCODER_INPUTS = (
    "input_ids",
    "attention_mask",
    "token_type_ids",
    "position_ids",
    "head_mask",
    "inputs_embeds",
)
DECODER_INPUTS = (*ENCODER_INPUTS, "encoder_hidden_states", "encoder_attention_mask", "past_key_values", "use_cache")
OUTPUT_FLAGS = ("output_attentions", "output_hidden_states", "return_dict")
ENCODER_ARGUMENTS = (*ENCODER_INPUTS, *OUTPUT_FLAGS)
DECODER_ARGUMENTS = (*DECODER_INPUTS, *OUTPUT_FLAGS)

# Tensor arguments, with the ranks that each may have.
TENSOR_ARGUMENTS: dict[str, tuple[int, ...]] = {
    "input_ids": (2,),
    "attention_mask": (2, 3),
    "token_type_ids": (2,),
    "position_ids": (2,),
    "head_mask": (1, 2, 5),
    "inputs_embeds": (3,),
    "encoder_hidden_states": (3,),
    "encoder_attention_mask": (2, 3),
    "labels": (1, 2),
    "next_sentence_label": (1, 2),
    "start_positions": (1, 2),
    "end_positions": (1, 2),
}
LABEL_ARGUMENTS = ("labels", "next_sentence_label", "start_positions", "end_positions")
FLOAT_ARGUMENTS = ("head_mask", "inputs_embeds", "encoder_hidden_states")
PER_TEXT_ARGUMENTS = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "inputs_embeds")


def gather_inputs(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], names: tuple[str, ...], choices: bool = False
) -> dict[str, Any]:
    """Bind what a model was called with to argument names, in whichever form it came.

    Args:
        args: Positional arguments; the first may be a tensor, nested lists of ids, a list or tuple of tensors in the
            documented order, or a dict.
        kwargs: Keyword arguments.
        names: tuple of str. The model's argument names in the documented order.
        choices: bool, default False. Whether ids have an axis of choices: [B, C, S].

    Returns:
        A dict from argument name to value, without the values that are None; tensor arguments are tensors: int32, or
        float32 for `head_mask`, `inputs_embeds` and `encoder_hidden_states`.

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
        tensors = [name for name in names if name in TENSOR_ARGUMENTS and name not in LABEL_ARGUMENTS]
        pairs = _in_order(args[0], tensors)
    else:
        pairs = _in_order(args, [name for name in names if name not in LABEL_ARGUMENTS])
    bound: dict[str, Any] = {}
    for name, value in [*pairs, *kwargs.items()]:
        if name not in names:
            raise TypeError(f"Unknown input {name!r}. This model takes: {', '.join(names)}.")
        if bound.get(name) is not None and value is not None:
            raise TypeError(f"The input {name!r} was given twice.")
        if value is not None:
            bound[name] = value
    inputs = {
        name: _as_tensor(name, value, choices) if name in TENSOR_ARGUMENTS else value for name, value in bound.items()
    }
    if "past_key_values" in inputs:
        inputs["past_key_values"] = _key_values(inputs["past_key_values"])
    _check_together(inputs, axes=3 if choices else 2)
    return inputs


def id_limits(config: BertConfig) -> dict[str, int]:
    """Return the rows of the embedding tables by the input that names rows of each."""
    return {
        "input_ids": config.vocab_size,
        "token_type_ids": config.type_vocab_size,
        "position_ids": config.max_position_embeddings,
    }


def check_within(inputs: Mapping[str, Any], config: BertConfig) -> None:
    """Refuse ids and lengths that the embedding tables do not hold.

    Lengths are checked wherever they are static, ids wherever their values are at hand (outside `tf.function`; inside
    it the gather of the CPU kernel refuses them, and what XLA compiles for buckets has checks before it).

    Args:
        inputs: dict, as `gather_inputs` returns it.
        config: `BertConfig`.

    Raises:
        ValueError: If a row does not exist.
    """
    max_positions, embeds = config.max_position_embeddings, inputs.get("inputs_embeds")
    length = inputs["input_ids"].shape[-1] if embeds is None else embeds.shape[-2]
    past = inputs.get("past_key_values")
    earlier = past[0][0].shape[2] if past else 0
    if None not in (length, earlier) and length + earlier > max_positions and "position_ids" not in inputs:
        raise ValueError(
            f"The input has {length + earlier} positions, but the model has position embeddings for {max_positions}. "
            f"Truncate it: FastBertTokenizer(..., max_length={max_positions})."
        )
    for name, limit in id_limits(config).items():
        ids = inputs.get(name)
        if ids is None or not hasattr(ids, "numpy"):
            continue
        values = ids.numpy()
        if values.size and (values.min() < 0 or values.max() >= limit):
            raise ValueError(
                f"`{name}` must lie from 0 to {limit - 1}. Received values from {values.min()} to {values.max()}."
            )


def check_decoder_inputs(inputs: Mapping[str, Any], config: BertConfig) -> None:
    """Refuse what only a decoder, or only one with cross-attention, can take, and what does not fit it.

    Args:
        inputs: dict, as `gather_inputs` returns it.
        config: `BertConfig`.

    Raises:
        ValueError: If an input would be passed over, or belongs to another model.
    """
    if not config.is_decoder and "past_key_values" in inputs:
        raise ValueError("`past_key_values` belong to a decoder: write from_pretrained(..., is_decoder=True).")
    for name in ("encoder_hidden_states", "encoder_attention_mask"):
        if not config.add_cross_attention and name in inputs:
            raise ValueError(
                f"`{name}` belongs to a decoder with cross-attention: write "
                "from_pretrained(..., is_decoder=True, add_cross_attention=True)."
            )
    past, states = inputs.get("past_key_values"), inputs.get("encoder_hidden_states")
    if past is not None:
        layers, head_size = config.num_hidden_layers, config.hidden_size // config.num_attention_heads
        heads = [config.num_attention_heads - len(config.pruned_heads.get(layer, ())) for layer in range(layers)]
        found = [(layer[0].shape[1], layer[0].shape[3]) for layer in past]
        if found != [(count, head_size) for count in heads]:
            raise ValueError(
                f"`past_key_values` must hold {layers} layers of {heads} heads of width {head_size}. "
                f"Received (heads, width): {found}."
            )
    if states is None and "encoder_attention_mask" in inputs:
        raise ValueError("`encoder_attention_mask` says nothing without `encoder_hidden_states`: give both.")
    if states is not None:
        batch = next(inputs[name] for name in ("input_ids", "inputs_embeds") if name in inputs).shape[0]
        if states.shape[2] != config.hidden_size or (None not in (batch, states.shape[0]) and batch != states.shape[0]):
            raise ValueError(
                f"`encoder_hidden_states` must have the shape [{batch}, length, {config.hidden_size}]. "
                f"Received: {tuple(states.shape)}."
            )


def _is_list_of_tensors(value: Any) -> bool:
    """Whether it is [ids, mask, …] rather than ids as nested lists of numbers."""
    if not isinstance(value, list | tuple) or not value:
        return False
    return any(isinstance(item, keras.KerasTensor | np.ndarray) or tf.is_tensor(item) for item in value)


def _in_order(values, names: list[str]) -> list[tuple[str, Any]]:
    if len(values) > len(names):
        raise ValueError(
            f"By place a call takes at most {len(names)} inputs, in the order {', '.join(names)}. "
            f"Received: {len(values)}. Give the others by name."
        )
    return list(zip(names, values))


def _as_tensor(name: str, value: Any, choices: bool) -> Any:
    if isinstance(value, tf.RaggedTensor):
        raise TypeError(f"`{name}` must be a dense tensor. Received: a RaggedTensor. Write {name}.to_tensor().")
    if not isinstance(value, keras.KerasTensor):
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
    more = int(choices and name in PER_TEXT_ARGUMENTS)
    ranks = [rank + more for rank in TENSOR_ARGUMENTS[name]]
    if len(value.shape) not in ranks:
        expected = " or ".join(str(rank) for rank in ranks)
        hint = " This model takes several choices for each row: [rows, choices, length]." if more else ""
        raise ValueError(f"`{name}` must have rank {expected}. Received the shape: {tuple(value.shape)}.{hint}")
    if name in LABEL_ARGUMENTS:
        return value
    if name in FLOAT_ARGUMENTS:
        return value if dtype.is_floating else keras.ops.cast(value, "float32")
    if dtype.is_floating and name not in ("attention_mask", "encoder_attention_mask"):
        raise TypeError(
            f"`{name}` must hold integers. Received: {dtype.name}. For a symbolic input write dtype='int32'."
        )
    if name.endswith("attention_mask") and hasattr(value, "numpy") and not np.isin(value.numpy(), (0, 1)).all():
        raise ValueError(f"`{name}` must hold 1 where a token is seen and 0 where not. Received other values.")
    return value if dtype == tf.int32 else keras.ops.cast(value, "int32")


def _key_values(given: Any) -> tuple[tuple[Any, ...], ...]:
    layers = tuple(tuple(layer) for layer in given)
    for layer in layers:
        if len(layer) not in (2, 4) or any(len(part.shape) != 4 for part in layer):
            raise ValueError(
                "`past_key_values` must be what an earlier call returned: for each layer (key, value), or four tensors "
                "with cross-attention, [B, H, T, K] each. "
                f"Received for a layer: {[tuple(part.shape) for part in layer]}."
            )
    return tuple(
        tuple(part if isinstance(part, keras.KerasTensor) else tf.convert_to_tensor(part) for part in layer)
        for layer in layers
    )


def _check_together(inputs: Mapping[str, Any], axes: int) -> None:
    if ("input_ids" in inputs) == ("inputs_embeds" in inputs):
        found = "both" if "input_ids" in inputs else "neither"
        raise ValueError(f"Give exactly one of `input_ids` and `inputs_embeds`. Received: {found}.")
    dense_name = "input_ids" if "input_ids" in inputs else "inputs_embeds"
    expected = tuple(inputs[dense_name].shape[:axes])
    for name in ("attention_mask", "token_type_ids", "position_ids"):
        if name not in inputs:
            continue
        shape = tuple(inputs[name].shape)
        wanted = expected
        if name == "attention_mask" and "past_key_values" in inputs:
            earlier = inputs["past_key_values"][0][0].shape[2]
            total = None if None in (earlier, expected[1]) else earlier + expected[1]
            wanted = (expected[0], expected[1] if len(shape) == 3 else total, total)[: len(shape)]
        broadcasts = name != "attention_mask" and shape[0] == 1 and axes == 2
        pairs = list(zip(shape, wanted))[1 if broadcasts else 0 :]
        if any(a is not None and b is not None and a != b for a, b in pairs):
            raise ValueError(f"`{name}` must have the shape of `{dense_name}`, {wanted}. Received: {shape}.")
