"""The layers of BERT as single nodes, for which ONNX Runtime has kernels of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfbert.export.onnx.graph_patterns import GraphPatterns

MICROSOFT = "com.microsoft"  # the domain of ONNX Runtime's own ops
CENTRED = ("Sub", "x", ("ReduceMean", "x", "axes"))
DEVIATION = ("Sqrt", ("Add", ("ReduceMean", ("Mul", CENTRED, CENTRED), "axes"), "epsilon"))
LAYER_NORM = ("Add", ("Mul", ("Mul", CENTRED, ("Reciprocal", DEVIATION)), "gamma"), "beta")
GELU = ("Mul", ("Mul", "half", "x"), ("Add", "one", ("Erf", ("Mul", "x", "root"))))
PRODUCTS = ("MatMul", "query", ("Transpose", "key"))
PROBABILITIES = ("Softmax", ("Add", ("Mul", PRODUCTS, "scale"), "bias"))
CONTEXT = ("Transpose", ("MatMul", PROBABILITIES, "value"))
PARTS = ("query", "key", "value")


def fuse(model: Any) -> None:
    """Put single nodes in the place of the layer normalisations, GELUs and attentions of a graph.

    Args:
        model: `onnx.ModelProto` from `to_onnx`, changed in place. What has another form than BERT's layers stays.
    """
    graph = GraphPatterns(model)
    _fuse_layer_norms(graph)
    _fuse_gelus(graph)
    _fuse_attentions(graph)
    graph.remove_unused()


def _fuse_layer_norms(graph: GraphPatterns) -> None:
    for node in graph.nodes("Add"):
        found = graph.match(LAYER_NORM, node.output[0])
        if not found or not graph.is_number(found["axes"], -1):
            continue
        epsilon, gamma = graph.constant(found["epsilon"]), graph.constant(found["gamma"])
        if epsilon is None or gamma is None or epsilon.size != 1 or gamma.ndim != 1:
            continue
        inputs = [found[name] for name in ("x", "gamma", "beta")]
        graph.replace(node, "LayerNormalization", inputs, axis=-1, epsilon=float(epsilon.item()))


def _fuse_gelus(graph: GraphPatterns) -> None:
    numbers = {"half": 0.5, "one": 1.0, "root": math.sqrt(0.5)}
    for node in graph.nodes("Mul"):
        found = graph.match(GELU, node.output[0])
        if found and all(graph.is_number(found[name], number) for name, number in numbers.items()):
            graph.replace(node, "Gelu", [found["x"]], MICROSOFT)


def _fuse_attentions(graph: GraphPatterns) -> None:
    for node in graph.nodes("Reshape"):
        found = graph.match(("Reshape", CONTEXT), node.output[0])  # [B, S, H·K]
        scale = graph.constant(found["scale"]) if found else None
        heads = _heads(graph, found) if found else None
        if not found or not heads or scale is None:
            continue
        number, size = _sizes(graph, heads)
        names = {part: f"{node.output[0]}/{part}" for part in ("packed", *PARTS)}
        as_before = graph.add_constant(f"fused/{number * size}", np.array([0, 0, number * size]))
        graph.insert(node, "Reshape", [heads, as_before], [names["packed"]])  # [B, S, 3·H·K]
        parts = [names[part] for part in PARTS]  # [B, S, H·K] each
        graph.insert(node, "Split", [names["packed"]], parts, axis=-1, num_outputs=3)
        inputs = [*parts, "", "", _for_every_query(graph, node, found["bias"], names["query"])]
        graph.replace(node, "MultiHeadAttention", inputs, MICROSOFT, num_heads=number // 3, scale=float(scale.item()))


def _heads(graph: GraphPatterns, found: dict[str, str]) -> str:
    """The tensor [B, S, 3·H, K] that query, key and value are cut from; "" if they come from somewhere else."""
    split = graph.producer(found["query"], "Split")
    if split is None or list(split.output) != [found[part] for part in PARTS]:
        return ""
    cut = graph.match(("Transpose", "heads"), split.input[0])
    return cut["heads"] if cut and _sizes(graph, cut["heads"]) else ""


def _sizes(graph: GraphPatterns, heads: str) -> tuple[int, ...]:
    """3·H and K of a tensor [B, S, 3·H, K], as the shape says that it was given; empty where it does not say."""
    cut = graph.match(("Reshape", "flat", ("Cast", "shape")), heads) or graph.match(("Reshape", "flat", "shape"), heads)
    joined = graph.producer(cut["shape"], "Concat") if cut else None
    sizes = [graph.constant(name) for name in joined.input[2:]] if joined else []  # after B and S
    numbers = tuple(int(size.item()) for size in sizes if size is not None and size.size == 1)
    return numbers if len(numbers) == 2 and numbers[0] % 3 == 0 else ()


def _for_every_query(graph: GraphPatterns, node: Any, bias: str, query: str) -> str:
    """A bias [B, 1, 1 or S, T] as [B, 1, S, T], which the op asks for; one for all layers."""
    expanded = f"{bias}/expanded"
    if graph.producer(expanded, "Expand") is None:
        one = graph.add_constant("fused/one", np.array([1]))
        graph.insert(node, "Shape", [query], [f"{bias}/length"], start=1, end=2)
        graph.insert(node, "Concat", [one, one, f"{bias}/length", one], [f"{bias}/shape"], axis=0)
        graph.insert(node, "Expand", [bias, f"{bias}/shape"], [expanded])
    return expanded
