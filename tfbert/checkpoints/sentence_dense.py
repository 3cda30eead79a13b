"""The Dense module of a sentence-transformers folder: config and weights, in and out."""

from __future__ import annotations

import dataclasses
from os import PathLike
from pathlib import Path

import numpy as np

from tfbert.checkpoints.formats.safetensors_writer import write_safetensors
from tfbert.checkpoints.open_checkpoint import open_checkpoint
from tfbert.json_file import read_json, write_json

# PyTorch's classes by Keras' names of the same functions.
ACTIVATION_CLASSES = {
    "linear": "torch.nn.modules.linear.Identity",
    **{
        name: f"torch.nn.modules.activation.{kind}"
        for name, kind in {
            "elu": "ELU",
            "gelu": "GELU",
            "mish": "Mish",
            "relu": "ReLU",
            "relu6": "ReLU6",
            "selu": "SELU",
            "sigmoid": "Sigmoid",
            "silu": "SiLU",
            "softplus": "Softplus",
            "softsign": "Softsign",
            "tanh": "Tanh",
        }.items()
    },
}
ACTIVATION_NAMES = {path.rpartition(".")[2]: name for name, path in ACTIVATION_CLASSES.items()}


@dataclasses.dataclass(frozen=True, eq=False)
class SentenceDense:
    """One dense layer over vectors of texts, x ↦ f(W x + b).

    Args:
        weight: float32 [out, in].
        bias: float32 [out], or None.
        activation: str, Keras' name of f.
    """

    weight: np.ndarray
    bias: np.ndarray | None
    activation: str


def read_sentence_dense(folder: str | PathLike) -> SentenceDense:
    """Read a Dense module's `config.json` and its weights, `model.safetensors` or `pytorch_model.bin`.

    Args:
        folder: Path of the module's folder, such as "2_Dense".

    Returns:
        A `SentenceDense`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the activation is unknown, the layer is for tokens or a residual one, or config and weights
            contradict each other.
    """
    folder = Path(folder)
    declared = read_json(folder / "config.json")
    kind = str(declared.get("activation_function", ACTIVATION_CLASSES["tanh"]))
    activation = ACTIVATION_NAMES.get(kind.rpartition(".")[2])
    if activation is None or not kind.startswith("torch.nn."):
        raise ValueError(
            f"The Dense module {str(folder)!r} has the activation {kind!r}; those that are read are "
            f"{sorted(ACTIVATION_CLASSES.values())}."
        )
    for name in ("module_input_name", "module_output_name"):
        if declared.get(name) not in (None, "sentence_embedding"):
            raise ValueError(
                f"The Dense module {str(folder)!r} must be for 'sentence_embedding'. "
                f"Received: {name}={declared[name]!r}."
            )
    if declared.get("use_residual"):
        raise ValueError(f"The Dense module {str(folder)!r} adds its input to its output, which is not supported.")
    tensors, source = open_checkpoint(folder)
    outer, inner = declared.get("out_features"), declared.get("in_features")
    expected: dict[str, tuple] = {"linear.weight": (outer, inner)}
    expected |= {"linear.bias": (outer,)} if declared.get("bias", True) else {}
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != expected:
        raise ValueError(f"{source!r} must hold {expected}, as its config.json says. Received: {found}.")
    values = {name: tensor.read() for name, tensor in tensors.items()}
    return SentenceDense(values["linear.weight"], values.get("linear.bias"), activation)


def write_sentence_dense(folder: str | PathLike, dense: SentenceDense) -> None:
    """Write what `read_sentence_dense` and sentence-transformers read.

    Args:
        folder: Path of the module's folder, which is made if it is missing.
        dense: `SentenceDense`.

    Raises:
        ValueError: If PyTorch has no such activation.
    """
    if dense.activation not in ACTIVATION_CLASSES:
        raise ValueError(
            f"A Dense module's activation must be one of {sorted(ACTIVATION_CLASSES)}. Received: {dense.activation!r}."
        )
    tensors = {"linear.weight": dense.weight}
    if dense.bias is not None:
        tensors["linear.bias"] = dense.bias
    write_safetensors(tensors, folder)
    outer, inner = dense.weight.shape
    config = {"in_features": inner, "out_features": outer, "bias": dense.bias is not None}
    write_json(Path(folder) / "config.json", {**config, "activation_function": ACTIVATION_CLASSES[dense.activation]})
