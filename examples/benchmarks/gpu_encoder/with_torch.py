"""The peer of `gpu.py`: the same encoder in PyTorch, with its fused attention (SDPA), as it is and compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from examples.benchmarks.gpu_encoder.bundle import Bundle
from examples.benchmarks.gpu_encoder.turns import PEERS, Contender

ACTIVATIONS = {
    "gelu": functional.gelu,
    "gelu_new": partial(functional.gelu, approximate="tanh"),
    "relu": functional.relu,
}
TABLES = ("word_embeddings", "position_embeddings", "token_type_embeddings")


class Layer(nn.Module):
    """A transformer layer; its parts have the names that they have in tfbert."""

    def __init__(self, config: Mapping[str, Any]):
        super().__init__()
        width, inner = config["hidden_size"], config["intermediate_size"]
        self.heads, self.activation = config["num_attention_heads"], ACTIVATIONS[config["hidden_act"]]
        self.attention = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width), "output_dense": nn.Linear(width, width)})
        self.attention_norm = nn.LayerNorm(width, config["layer_norm_eps"])
        self.intermediate, self.output_dense = nn.Linear(width, inner), nn.Linear(inner, width)
        self.output_norm = nn.LayerNorm(width, config["layer_norm_eps"])

    def forward(self, states, mask):
        """[B, S, D] to [B, S, D]."""
        parts = self.attention["qkv"](states).unflatten(-1, (3, self.heads, -1))  # [B, S, 3, H, K]
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        context = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        attended = self.attention["output_dense"](context.transpose(1, 2).flatten(2))
        states = self.attention_norm(states + attended)
        return self.output_norm(states + self.output_dense(self.activation(self.intermediate(states))))


class Encoder(nn.Module):
    """Embeddings and layers, with the weights of a bundle."""

    def __init__(self, bundle: Bundle):
        super().__init__()
        config, shapes = bundle.manifest["config"], bundle.manifest["weights"]
        tables = {name: nn.Embedding(*shapes[f"bert/embeddings/{name}"]) for name in TABLES}
        norm = nn.LayerNorm(config["hidden_size"], config["layer_norm_eps"])
        self.embeddings = nn.ModuleDict({**tables, "norm": norm})
        layers = {f"layer_{index}": Layer(config) for index in range(config["num_hidden_layers"])}
        self.encoder = nn.ModuleDict(layers)
        self.load_state_dict(dict(torch_weight(*named) for named in bundle.weights().items()))

    def prepared(self, dtype: str, on_gpu: bool) -> Encoder:
        """Return it in a precision, on a device, for inference."""
        return self.to("cuda" if on_gpu else "cpu", getattr(torch, dtype)).eval()

    def forward(self, ids, mask):
        """Int [B, S] and bool [B, 1, 1, S] to [B, S, D]."""
        words, positions, types = (self.embeddings[name] for name in TABLES)
        embedded = words(ids) + types.weight[0] + positions.weight[: ids.shape[1]]
        states = self.embeddings["norm"](embedded)
        for layer in self.encoder.values():
            states = layer(states, mask)
        return states


def torch_weight(path: str, weight: np.ndarray) -> tuple[str, torch.Tensor]:
    """A weight's name and value in `Encoder`, from its path and value in tfbert."""
    *parts, name = path.removeprefix("bert/").split("/")
    value = torch.from_numpy(weight.astype(np.float32))
    if name in TABLES:
        parts.append(name)
    return ".".join([*parts, "bias" if name in ("bias", "beta") else "weight"]), value.T if name == "kernel" else value


def contenders(
    encoder: Encoder, bundle: Bundle, row: Mapping[str, Any], names: Sequence[str], mode: str
) -> dict[str, Contender]:
    """Return those who take turns on a shape.

    Args:
        encoder: `Encoder`, in its precision and on its device.
        bundle: `Bundle`.
        row: dict. One of its manifest's modules.
        names: Sequence of str. Of `PEERS`; the one without a mask takes PyTorch's fastest kernel of attention, but its
            states of padded texts are wrong, and not read.
        mode: str. Of `torch.compile`.

    Returns:
        A dict from name to `Contender`.
    """
    device = encoder.embeddings["norm"].weight.device
    ids, mask = (torch.from_numpy(array).to(device) for array in bundle.texts(row["batch"], row["length"]))
    mask = mask[:, None, None].bool()
    torch.compiler.reset()  # it keeps programs of eight shapes, and passes on to the interpreter after that
    compiled = torch.compile(encoder, dynamic=False, mode=mode)
    runs = zip(PEERS, (partial(encoder, ids, mask), partial(compiled, ids, mask), partial(compiled, ids, None)))
    wait = torch.cuda.synchronize if device.type == "cuda" else torch.cpu.synchronize
    return {
        name: Contender(
            call=torch.inference_mode()(run),
            wait=lambda states: wait(),
            read=lambda states, last=1 if "no mask" in name else None: states[:last].float().cpu().numpy(),
        )
        for name, run in runs
        if name in names
    }


def name_of_gpu() -> str:
    """Return the name of the first GPU that PyTorch sees."""
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
