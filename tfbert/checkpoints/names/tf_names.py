"""Hugging Face's TensorFlow weight names, as `tf_model.h5` and safetensors files of format "tf" hold them."""

from __future__ import annotations

from collections.abc import Mapping

from tfbert.checkpoints.names.weight_dialects import from_dialect, torch_name
from tfbert.checkpoints.names.weight_table import TABLE
from tfbert.checkpoints.stored_tensor import StoredTensor

_ROOTS = {name.partition("/")[0] for row in TABLE for name in row.names("tf")}


def from_tf_names(tensors: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """Give tensors PyTorch's names and layout; what BERT does not have keeps both.

    Args:
        tensors: dict from names such as "tf_bert_model/bert/pooler/dense/kernel:0", the model's name in front or not,
            to `StoredTensor`.

    Returns:
        A dict from PyTorch's name to `StoredTensor`.

    Raises:
        ValueError: If two names mean the same weight, or none is one of BERT.

    Source: `load_tf2_state_dict_in_pytorch_model` of Hugging Face transformers 4.
    """
    plain: dict[str, StoredTensor] = {}
    for name, tensor in tensors.items():
        short = _without_model_name(name)
        if short in plain:
            raise ValueError(f"{tensor.source!r} holds one weight under two names: {plain[short].name!r} and {name!r}.")
        plain[short] = tensor
    return from_dialect(plain, "tf")


def torch_name_of_tf(name: str) -> str:
    """Return what `from_tf_names` calls a weight, such as one that an index of shards names.

    Args:
        name: str.

    Returns:
        str; the name itself, without model's name and `:0`, where BERT has no such weight.

    Example:
        >>> torch_name_of_tf("tf_bert_for_masked_lm/mlm___cls/predictions/bias:0")
        'cls.predictions.bias'
    """
    short = _without_model_name(name)
    return torch_name(short, "tf") or short


def _without_model_name(name: str) -> str:
    """Drop `:0`, and the first component where the second is a part of a model; a model itself may be named "bert"."""
    plain = name.removesuffix(":0")
    _, _, rest = plain.partition("/")
    return rest if rest.partition("/")[0] in _ROOTS else plain
