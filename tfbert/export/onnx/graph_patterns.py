"""Finding groups of nodes in an ONNX graph and putting single nodes in their place."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfbert.optional import import_optional

COMMUTATIVE = {"Add", "Mul"}
Pattern = Any  # a str names a tensor; a tuple is an op type and the patterns of its inputs


class GraphPatterns:
    """An ONNX graph that is searched and changed.

    A pattern is a tuple, an op type and the patterns of its inputs; a str stands for any tensor, the same wherever it
    comes again: ("Mul", "x", ("Sigmoid", "x")). Inputs behind those that a pattern has do not matter.

    Args:
        model: `onnx.ModelProto`, changed in place.
    """

    def __init__(self, model: Any):
        self.graph = model.graph
        self._numpy = import_optional("onnx.numpy_helper")
        self._helper = import_optional("onnx.helper")
        self._producers = {name: node for node in self.graph.node for name in node.output}
        self._initializers = {tensor.name: tensor for tensor in self.graph.initializer}

    def nodes(self, *op_types: str) -> list[Any]:
        """Return the nodes of some op types, in the graph's order."""
        return [node for node in self.graph.node if node.op_type in op_types]

    def producer(self, name: str, op_type: str) -> Any | None:
        """Return the node that a tensor comes from, if it is of that op type."""
        node = self._producers.get(name)
        return node if node is not None and node.op_type == op_type else None

    def constant(self, name: str) -> np.ndarray | None:
        """Return the value of a tensor that is a constant, else None."""
        if name in self._initializers:
            return self._numpy.to_array(self._initializers[name])
        return None

    def is_number(self, name: str, number: float) -> bool:
        """Whether a tensor is a constant that holds this number alone, to float32's precision."""
        value = self.constant(name)
        return value is not None and value.size == 1 and bool(np.isclose(value.item(), number, rtol=1e-6, atol=0))

    def match(self, pattern: Pattern, name: str, found: dict[str, str] | None = None) -> dict[str, str] | None:
        """Compare the tensor `name` and what it comes from with a pattern.

        Args:
            pattern: The pattern.
            name: str. The tensor.
            found: dict of the names bound so far.

        Returns:
            A dict from the pattern's names to tensors, or None where it does not fit.
        """
        found = {} if found is None else found
        if isinstance(pattern, str):
            return {**found, pattern: name} if found.get(pattern, name) == name else None
        op_type, *parts = pattern
        node = self.producer(name, op_type)
        if node is None or len(node.input) < len(parts):
            return None
        inputs = list(node.input)
        orders = [inputs, inputs[::-1]] if op_type in COMMUTATIVE else [inputs]
        for order in orders:
            bound: dict[str, str] | None = found
            for part, one in zip(parts, order):
                bound = None if bound is None else self.match(part, one, bound)
            if bound is not None:
                return bound
        return None

    def add_constant(self, name: str, value: np.ndarray) -> str:
        """Add a constant to the graph, and return its name."""
        if name not in self._initializers:
            self.graph.initializer.append(self._numpy.from_array(value, name))
            self._initializers[name] = self.graph.initializer[-1]
        return name

    def replace(self, node: Any, op_type: str, inputs: list[str], domain: str = "", **attributes: Any) -> None:
        """Let a new node make the outputs of `node`, in its place."""
        self.insert(node, op_type, inputs, list(node.output), domain, **attributes)
        self.graph.node.remove(node)

    def insert(
        self, before: Any, op_type: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: Any
    ) -> str:
        """Put a new node before another one, and return its first output."""
        new = self._helper.make_node(op_type, inputs, outputs, name=outputs[0], domain=domain, **attributes)
        place = next(index for index, node in enumerate(self.graph.node) if node is before or node == before)
        self.graph.node.insert(place, new)
        self._producers.update(dict.fromkeys(outputs, self.graph.node[place]))
        return outputs[0]

    def remove_unused(self) -> None:
        """Take out nodes and constants that no output needs."""
        needed = {value.name for value in self.graph.output}
        for node in reversed(list(self.graph.node)):
            if needed.isdisjoint(node.output):
                self.graph.node.remove(node)
            else:
                needed.update(node.input)
        for tensor in list(self.graph.initializer):
            if tensor.name not in needed:
                self.graph.initializer.remove(tensor)
