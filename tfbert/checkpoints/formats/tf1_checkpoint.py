"""Google's TF1 checkpoints, `bert_model.ckpt` and what was trained from it."""

from __future__ import annotations

import re
from os import PathLike

from tfbert.checkpoints.formats.tensor_bundle import open_bundle
from tfbert.checkpoints.names.weight_dialects import from_dialect
from tfbert.checkpoints.stored_tensor import StoredTensor

# What optimizers keep beside the weights; a component of the name says so.
_TRAINING_STATE = re.compile(
    r"(.*/)?(adam_[mv]|lamb_[mv]|Adam(_\d+)?|AdamWeightDecayOptimizer\w*|LAMB\w*|global_step|beta[12]_power)(/.*)?"
)


def open_tf1_checkpoint(prefix: str | PathLike) -> dict[str, StoredTensor]:
    """Open a TF1 checkpoint of Google's BERT; the state of its optimizer is passed over.

    Args:
        prefix: Path of the checkpoint without `.index`, such as "path/to/bert_model.ckpt".

    Returns:
        A dict from PyTorch's name to `StoredTensor`, in PyTorch's layout. Values are read one tensor at a time.

    Raises:
        FileNotFoundError: If the index or the data are missing.
        ValueError: If it is broken, or holds no weight of BERT.

    Example:
        >>> open_tf1_checkpoint("path/to/bert_model.ckpt")["bert.pooler.dense.bias"].read()  # doctest: +SKIP

    Source: https://github.com/google-research/bert
    """
    tensors = {name: tensor for name, tensor in open_bundle(prefix).items() if not _TRAINING_STATE.fullmatch(name)}
    return from_dialect(tensors, "tf1")
