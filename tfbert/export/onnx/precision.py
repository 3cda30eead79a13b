"""Weights of an ONNX graph in fewer bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfbert.export.onnx.channel_ranges import ChannelRange
from tfbert.export.onnx.fusions import MICROSOFT
from tfbert.export.onnx.graph_patterns import GraphPatterns

SMALLEST = 1024  # elements; of smaller tables and products nothing is won
OUTLIERS = 8  # channels that are multiplied in float32
TINY = np.array(1e-12, np.float32)


def to_float16(model: Any) -> None:
    """Store weights as float16; computing goes on in float32, which CPUs are fast in.

    Args:
        model: `onnx.ModelProto`, changed in place.
    """
    graph = GraphPatterns(model)
    first = graph.graph.node[0]
    for tensor in list(graph.graph.initializer):
        value = graph.constant(tensor.name)
        if value is None or value.dtype != np.float32 or value.size < SMALLEST or np.abs(value).max() > 65504:
            continue
        stored = graph.add_constant(f"{tensor.name}/float16", value.astype(np.float16))
        graph.graph.initializer.remove(tensor)
        graph.insert(first, "Cast", [stored], [tensor.name], to=1)


def to_int8(model: Any, ranges: Mapping[str, ChannelRange]) -> None:
    """Store tables and matrices as int8, and multiply them by activations that are rounded to 8 bits as they come.

    Weights have a scale for each output, activations one for each token. A few channels of BERT's activations are ten
    times as large as all others and would take the bits from them: those are multiplied in float32.

    Args:
        model: `onnx.ModelProto`, changed in place.
        ranges: dict from the tensors that are multiplied by weights to what `channel_ranges` saw there.

    Source: Dettmers et al., "LLM.int8()" (2022), for the split; rows of activations as in LiteRT's dynamic range.
    """
    graph = GraphPatterns(model)
    for node in graph.nodes("Gather"):
        table = graph.constant(node.input[0])
        if table is not None and table.dtype == np.float32 and table.ndim == 2 and table.size >= SMALLEST:
            _gather_int8(graph, node)
    for node in graph.nodes("MatMul"):
        weight = weight_of(graph, node)
        if weight is not None and node.input[0] in ranges:
            _multiply_int8(graph, node, weight, ranges[node.input[0]])
    graph.remove_unused()


def weight_of(graph: GraphPatterns, product: Any) -> tuple[str, bool] | None:
    """Return the name of the matrix that a product multiplies by, and whether it is transposed; None without one."""
    turned = graph.producer(product.input[1], "Transpose")
    name = turned.input[0] if turned is not None else product.input[1]
    value = graph.constant(name)
    if value is None or value.dtype != np.float32 or value.ndim != 2 or value.size < SMALLEST:
        return None
    return name, turned is not None


def _rounded(graph: GraphPatterns, name: str, axis: int) -> tuple[str, str]:
    """The names of a matrix as int8 and of its scales, one for each entry of the other axis; each is stored once."""
    value = graph.constant(name)
    assert value is not None
    scale = np.maximum(np.abs(value).max(axis=axis) / 127, TINY)
    rounded = np.rint(value / np.expand_dims(scale, axis)).astype(np.int8)
    return graph.add_constant(f"{name}/int8/{axis}", rounded), graph.add_constant(f"{name}/scale/{axis}", scale)


def _gather_int8(graph: GraphPatterns, node: Any) -> None:
    output, ids = node.output[0], node.input[1]
    table, scale = _rounded(graph, node.input[0], axis=1)
    rows = graph.insert(node, "Gather", [table, ids], [f"{output}/int8"])
    rows = graph.insert(node, "Cast", [rows], [f"{output}/rows"], to=1)
    scales = graph.insert(node, "Gather", [scale, ids], [f"{output}/scale"])
    last = graph.add_constant("int8/last", np.array([-1]))
    scales = graph.insert(node, "Unsqueeze", [scales, last], [f"{output}/scales"])
    graph.replace(node, "Mul", [rows, scales])


def _multiply_int8(graph: GraphPatterns, node: Any, weight: tuple[str, bool], seen: ChannelRange) -> None:
    name, turned = weight
    output, given = node.output[0], node.input[0]
    matrix, scale = _rounded(graph, name, axis=1 if turned else 0)
    value = graph.constant(name)
    assert value is not None
    if turned:
        matrix = graph.insert(node, "Transpose", [matrix], [f"{output}/int8"], perm=[1, 0])
        value = value.T  # [K, N]
    large = np.sort(np.argsort(-seen.largest)[:OUTLIERS])
    small = np.ones(len(value), np.float32)
    small[large] = 0

    def add(op: str, *inputs: str, name: str, domain: str = "", **attributes: Any) -> str:
        return graph.insert(node, op, list(inputs), [f"{output}/{name}"], domain, **attributes)

    def constant(name: str, array: np.ndarray) -> str:
        return graph.add_constant(f"{output}/{name}", array)

    flat = given
    if seen.rank != 2:
        flat = add("Reshape", given, graph.add_constant("int8/flat", np.array([-1, len(value)])), name="flat")
    kept = add("Mul", flat, constant("small", small), name="kept")  # [N, K]
    last = graph.add_constant("int8/last", np.array([-1]))
    size = add("ReduceMax", add("Abs", kept, name="abs"), last, name="max", keepdims=0)  # [N]
    size = add("Max", size, graph.add_constant("int8/tiny", TINY), name="size")
    step = add("Mul", size, graph.add_constant("int8/step", np.array(1 / 127, np.float32)), name="step")
    zero = graph.add_constant("int8/zero", np.array([128], np.uint8))
    zeros = add("Expand", zero, add("Shape", step, name="rows"), name="zeros")
    rounded = add("QuantizeLinear", kept, step, zeros, name="rounded", axis=0)
    one = graph.add_constant("int8/one", np.array(1, np.float32))
    middle = graph.add_constant("int8/middle", np.array(128, np.uint8))
    operands = (rounded, matrix, one, scale, middle)
    product = add("MatMulIntegerToFloat", *operands, name="integers", domain=MICROSOFT)
    product = add("Mul", product, add("Unsqueeze", step, last, name="steps"), name="product")
    columns = add("Gather", flat, constant("large", large), name="columns", axis=1)
    inputs = [columns, constant("rows_of_large", np.ascontiguousarray(value[large])), product]
    if seen.rank == 2:
        graph.replace(node, "Gemm", inputs)
        return
    total = add("Gemm", *inputs, name="sum")
    sizes = add("Shape", given, name="shape", start=0, end=-1)
    width = graph.add_constant(f"int8/{value.shape[1]}", np.array([value.shape[1]]))
    graph.replace(node, "Reshape", [total, add("Concat", sizes, width, name="sizes", axis=0)])
