"""How large the channels of activations become that are multiplied by weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tfbert.optional import import_optional


class ChannelRange(NamedTuple):
    """What was seen of a tensor [..., K].

    Args:
        rank: int. The number of its axes.
        largest: float [K]. The largest magnitude of each channel.
    """

    rank: int
    largest: np.ndarray


def channel_ranges(
    model: Any, names: Sequence[str], batches: Sequence[Mapping[str, np.ndarray]]
) -> dict[str, ChannelRange]:
    """Run a graph, and look at some of its tensors.

    Args:
        model: `onnx.ModelProto`.
        names: Sequence of str. Tensors of float32.
        batches: Sequence of dicts of inputs, at least one.

    Returns:
        A dict from name to `ChannelRange`.
    """
    helper, runtime = import_optional("onnx.helper"), import_optional("onnxruntime")
    watched = type(model)()
    watched.CopyFrom(model)
    outputs = {value.name for value in model.graph.output}
    watched.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in set(names) - outputs)
    session = runtime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    found: dict[str, ChannelRange] = {}
    for batch in batches:
        for name, values in zip(names, session.run(list(names), dict(batch))):
            largest = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0, initial=0.0)
            if name in found:
                largest = np.maximum(largest, found[name].largest)
            found[name] = ChannelRange(values.ndim, largest)
    return found


def random_ids(
    ids: Mapping[str, np.ndarray], special_ids: Sequence[int], vocab_size: int, rows: int = 32, length: int = 32
) -> dict[str, np.ndarray]:
    """Return inputs of a model that stand for any text: its special tokens as they are, all others drawn by chance.

    Args:
        ids: dict of `input_ids`, `attention_mask` and `token_type_ids` of texts, int [R, …, S].
        special_ids: Sequence of int. Ids that stay.
        vocab_size: int. Ids are drawn below it.
        rows: int, default 32. How many rows to return, which repeat those given.
        length: int, default 32. The most tokens a row.

    Returns:
        A dict of arrays int32.
    """
    taken = {name: np.resize(values, (rows, *values.shape[1:]))[..., :length] for name, values in ids.items()}
    tokens = taken["input_ids"]
    drawn = np.random.default_rng(0).integers(vocab_size, size=tokens.shape)
    taken["input_ids"] = np.where(np.isin(tokens, special_ids), tokens, drawn).astype(np.int32)
    return taken
