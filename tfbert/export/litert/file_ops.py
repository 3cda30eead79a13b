"""Which ops a LiteRT file holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorflow.lite.python import schema_py_generated as schema

PRODUCT = "FULLY_CONNECTED"
NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


def custom_ops(content: bytes) -> set[str]:
    """Return the names of the ops in a LiteRT file that are none of LiteRT's own.

    Args:
        content: bytes of the file.

    Returns:
        A set of str.
    """
    return {code.CustomCode().decode() for code in _op_codes(_model(content)) if code.CustomCode()}


def builtin_ops(content: bytes) -> set[str]:
    """Return the names of LiteRT's own ops in a file.

    Args:
        content: bytes of the file.

    Returns:
        A set of str, such as "FULLY_CONNECTED".
    """
    return {_name(code) for code in _op_codes(_model(content)) if not code.CustomCode()}


def product_outputs(content: bytes) -> set[str]:
    """Return the names of the tensors that products with weights give.

    Args:
        content: bytes of the file.

    Returns:
        A set of str; each holds the path of the layer that it comes from.
    """
    return {tensor.Name().decode() for tensor in _product_outputs(_model(content))}


def _product_outputs(model: Any) -> Iterator[Any]:
    codes = _op_codes(model)
    for graph in (model.Subgraphs(index) for index in range(model.SubgraphsLength())):
        for op in (graph.Operators(index) for index in range(graph.OperatorsLength())):
            if _name(codes[op.OpcodeIndex()]) == PRODUCT:
                yield graph.Tensors(op.Outputs(0))


def _model(content: bytes) -> Any:
    return schema.Model.GetRootAs(content, 0)


def _op_codes(model: Any) -> list[Any]:
    return [model.OperatorCodes(index) for index in range(model.OperatorCodesLength())]


def _name(code: Any) -> str:
    return NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]  # old files have the second alone
