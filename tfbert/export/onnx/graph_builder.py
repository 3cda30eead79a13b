"""A small writer of ONNX graphs: one call for each node, numbers and lists become constants."""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfbert.export.onnx.answer_alone import EXTENSIONS
from tfbert.export.onnx.opset import OPSET
from tfbert.optional import import_optional

Tensor = str  # the name of a value of the graph
ML = "ai.onnx.ml"
OPSETS = {"": OPSET, ML: 2, EXTENSIONS: 1}


class GraphBuilder:
    """Collects the nodes of a graph; calling it adds one.

    Args:
        prefix: str. What the names of all values begin with, so that the graph can be joined with others.

    Example:
        >>> graph = GraphBuilder("sum/")
        >>> graph("Add", graph.input("x", "INT64", ["batch"]), 1, name="next")
        'sum/next'
    """

    def __init__(self, prefix: str):
        self._onnx = import_optional("onnx")
        self._prefix = prefix
        self._uses: collections.Counter[str] = collections.Counter()
        self._nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._constants: dict[Any, Any] = {}

    def input(self, name: str, kind: str, shape: Sequence[int | str]) -> Tensor:
        """Declare an input of the graph.

        Args:
            name: str. Its name, which gets no prefix.
            kind: str. The name of its type in ONNX.
            shape: Sequence of int or str. Its dimensions; a str names one that varies.

        Returns:
            The name.
        """
        self._inputs.append(self._value(name, kind, shape))
        return name

    def __call__(self, op: str, *inputs: Any, name: str = "", domain: str = "", **attributes: Any) -> Tensor:
        """Add a node of one output.

        Args:
            op: str. The operator.
            *inputs: Names of values; an int, a list or an array is a constant of int64, or of its own type.
            name: str. What the output is called; default the operator.
            domain: str. The operator's domain.
            **attributes: The operator's attributes.

        Returns:
            The name of the output.
        """
        return self.outputs(op, *inputs, names=(name or op,), domain=domain, **attributes)[0]

    def outputs(self, op: str, *inputs: Any, names: Sequence[str], domain: str = "", **attributes: Any) -> list[Tensor]:
        """Add a node of several outputs, called by `names`; return their names in the graph."""
        given = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        made = [self._unused(name) for name in names]
        node = self._onnx.helper.make_node(op, given, made, name=made[0], domain=domain, **attributes)
        self._nodes.append(node)
        return made

    def cast(self, value: Tensor, kind: str, name: str = "") -> Tensor:
        """Return a value as another type, which goes by its name in ONNX."""
        return self("Cast", value, name=name, to=getattr(self._onnx.TensorProto, kind))

    def constant(self, value: Any, name: str = "constant") -> Tensor:
        """Return the name of a constant: an int, a list of int or of str, or an array; equal ones share one."""
        if isinstance(value, list) and any(isinstance(one, str) for one in value):
            texts = [text.encode() for text in value]
            return self._constant(tuple(texts), name, lambda name: self._string_tensor(name, texts))
        array = value if isinstance(value, np.ndarray) else np.array(value, np.int64)
        key = (array.dtype.str, array.shape, array.tobytes())
        return self._constant(key, name, lambda name: self._onnx.numpy_helper.from_array(array, name))

    def _constant(self, key: Any, name: str, make: Callable[[str], Any]) -> Tensor:
        if key not in self._constants:
            self._constants[key] = make(self._unused(name))
        return self._constants[key].name

    def _string_tensor(self, name: str, texts: Sequence[bytes]) -> Any:
        return self._onnx.helper.make_tensor(name, self._onnx.TensorProto.STRING, [len(texts)], texts)

    def model(self, outputs: Mapping[str, tuple[Tensor, str, Sequence[int | str]]]) -> Any:
        """Return the graph as a model.

        Args:
            outputs: dict from output name to (value, type, shape).

        Returns:
            `onnx.ModelProto`, checked.
        """
        helper = self._onnx.helper
        named = [helper.make_node("Identity", [value], [name], name=name) for name, (value, _, _) in outputs.items()]
        graph = helper.make_graph(
            [*self._nodes, *named],
            self._prefix.strip("/"),
            self._inputs,
            [self._value(name, kind, shape) for name, (_, kind, shape) in outputs.items()],
            list(self._constants.values()),
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        plain = [one for one in opsets if one.domain != EXTENSIONS]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(plain))
        self._onnx.checker.check_model(model)
        return model

    def _value(self, name: str, kind: str, shape: Sequence[int | str]) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, getattr(self._onnx.TensorProto, kind), list(shape))

    def _unused(self, name: str) -> str:
        self._uses[name] += 1
        number = self._uses[name]
        return f"{self._prefix}{name}" if number == 1 else f"{self._prefix}{name}_{number}"
