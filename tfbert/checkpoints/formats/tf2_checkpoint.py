"""The TF2 checkpoints of TensorFlow's model garden (tf-models): BERT's encoder and pooler."""

from __future__ import annotations

import re
from os import PathLike

from tfbert.checkpoints.formats.tensor_bundle import open_bundle
from tfbert.checkpoints.names.turns import turned
from tfbert.checkpoints.names.weight_dialects import from_dialect
from tfbert.checkpoints.stored_tensor import StoredTensor

# Of the older BertEncoder, whose layers are numbered; within other models the innermost number is its own.
_NUMBERED = re.compile(r"(?:.*/)?layer_with_weights-(\d+)/([^.]+)")
_FIRST_NUMBERS = ("_embedding_layer", "_position_embedding_layer", "_type_embedding_layer", "_embedding_norm_layer")
# Of BertEncoderV2, whose layers are attributes.
_NAMED = re.compile(rf"(?:.*/)?((?:{'|'.join(_FIRST_NUMBERS)}|_pooler_layer|_transformer_layers/\d+)/[^.]+)")
_END = "/.ATTRIBUTES/VARIABLE_VALUE"
_TRAINING_STATE = re.compile(r"(save_counter|(.*/)?optimizer)/.*|.*/\.OPTIMIZER_SLOT/.*")


def open_tf2_checkpoint(prefix: str | PathLike) -> dict[str, StoredTensor]:
    """Open a TF2 checkpoint of a tf-models encoder; the state of its optimizer is passed over.

    Args:
        prefix: Path of the checkpoint without `.index`, such as "path/to/bert_model.ckpt".

    Returns:
        A dict from PyTorch's name to `StoredTensor`, in PyTorch's layout. Values are read one tensor at a time.

    Raises:
        FileNotFoundError: If the index or the data are missing.
        ValueError: If it is broken, holds one weight twice, or holds no weight of BERT.

    Example:
        >>> open_tf2_checkpoint("path/to/bert_model.ckpt")["bert.pooler.dense.bias"].read()  # doctest: +SKIP

    Source: https://github.com/tensorflow/models/tree/master/official/nlp/modeling
    """
    plain: dict[str, StoredTensor] = {}
    for name, tensor in open_bundle(prefix).items():
        if _TRAINING_STATE.fullmatch(name):
            continue
        short = _name_in_encoder(name.removesuffix(_END))
        if short in plain:
            raise ValueError(f"{tensor.source!r} holds one weight under two names: {plain[short].name!r} and {name!r}.")
        plain[short] = _without_heads(short, tensor) if "/_attention_layer/" in short else tensor
    return from_dialect(plain, "tf2")


def _name_in_encoder(name: str) -> str:
    """Return BertEncoderV2's name of a variable; other names are returned as they are."""
    numbered, named = _NUMBERED.fullmatch(name), _NAMED.fullmatch(name)
    if named is not None:
        short = named[1]
    elif numbered is not None:
        short = f"{_layer_of(int(numbered[1]), numbered[2])}/{numbered[2]}"
    else:
        return name
    # Older versions kept the projection beside the attention layer, not in it.
    return short.replace("/_attention_output_dense/", "/_attention_layer/_output_dense/")


def _layer_of(number: int, rest: str) -> str:
    """Return the name of a numbered layer; the pooler, a plain dense layer, follows the last transformer layer."""
    if number < len(_FIRST_NUMBERS):
        return _FIRST_NUMBERS[number]
    return f"_transformer_layers/{number - len(_FIRST_NUMBERS)}" if rest.startswith("_") else "_pooler_layer"


def _without_heads(name: str, tensor: StoredTensor) -> StoredTensor:
    """Join heads and their width: kernels [D, H, K] or, of the output, [H, K, D], and biases [H, K]."""
    if name.endswith("/_output_dense/kernel") and len(tensor.shape) == 3:
        return turned(tensor, lambda array: array.reshape(-1, array.shape[-1]))
    if name.endswith("/kernel") and len(tensor.shape) == 3:
        return turned(tensor, lambda array: array.reshape(array.shape[0], -1))
    return turned(tensor, lambda array: array.reshape(-1)) if name.endswith("/bias") else tensor
