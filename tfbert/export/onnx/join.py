"""Two ONNX graphs as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def put_before(front: Any, model: Any, names: Mapping[str, str]) -> Any:
    """Return a model that gives what one returns to another, whose outputs it returns.

    Args:
        front: `onnx.ModelProto`.
        model: `onnx.ModelProto`, changed; its tensors have other names than those of `front`.
        names: dict from each output of `front` to the input of `model` that it becomes.

    Returns:
        `onnx.ModelProto`.
    """
    for node in front.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = names.get(name, name)
        for place, name in enumerate(node.output):
            node.output[place] = names.get(name, name)
    nodes = list(model.graph.node)
    del model.graph.node[:], model.graph.input[:]
    model.graph.node.extend([*front.graph.node, *nodes])
    model.graph.input.extend(front.graph.input)
    model.graph.initializer.extend(front.graph.initializer)
    domains = {one.domain for one in model.opset_import}
    newer = {one.domain: one.version for one in front.opset_import}
    for one in model.opset_import:
        one.version = max(one.version, newer.get(one.domain, 0))
    model.opset_import.extend(one for one in front.opset_import if one.domain not in domains)
    model.ir_version = max(model.ir_version, front.ir_version)
    return model
