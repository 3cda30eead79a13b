"""What XLA made of a module: the kernels that it runs, and which steps went into fusions, read from optimized HLO."""

from __future__ import annotations

import re
from collections import Counter

COMPUTATION = re.compile(r"^(?:ENTRY )?%?([\w.\-]+) \(.*\{$")
INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%?[\w.\-]+ = (?:\(.*?\)|\S+) ([a-z][a-z0-9\-]*)\(")
CALLED = re.compile(r"(?:calls|to_apply)=%?([\w.\-]+)")
KIND = re.compile(r'"kind":"(\w+)"|kind=(\w+)')
TARGET = re.compile(r'custom_call_target="([^"]+)"')
# They move nothing and compute nothing, or only hold others.
FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "call", "while", "conditional"}
SHOWN_INSIDE = ("dot", "reduce", "exponential", "erf", "transpose", "copy", "gather")


def summary(hlo: str) -> dict[str, dict[str, int]]:
    """Count the kernels of a program, and the steps within its fusions.

    Args:
        hlo: str. Text of the optimized program, such as `compiled.as_text()` of JAX.

    Returns:
        A dict of two dicts from kind to count: "kernels", what runs one by one, where a "dot", "reduce" or "transpose"
        is one that was not fused, and library calls go by their names; and "in fusions", the steps in them.
    """
    computations: dict[str, list[tuple[str, str]]] = {}
    for line in hlo.splitlines():
        if header := COMPUTATION.match(line):
            current = computations.setdefault(header[1], [])
        elif instruction := INSTRUCTION.match(line):
            current.append((instruction[1], line))
    within: dict[str, set[str]] = {"fusion": set(), "other": set()}  # computations that a step holds
    for operation, line in (step for steps in computations.values() for step in steps):
        if operation not in FREE:
            within["fusion" if operation == "fusion" else "other"].update(CALLED.findall(line))
    kernels: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    for name, steps in computations.items():
        if name in within["fusion"]:
            inside.update(operation for operation, _ in steps if operation in SHOWN_INSIDE)
        elif name not in within["other"]:
            kernels.update(_label(*step) for step in steps if step[0] not in FREE)
    return {"kernels": dict(kernels.most_common()), "in fusions": dict(inside.most_common())}


def _label(operation: str, line: str) -> str:
    """The kind of a fusion, the name of a library's function, or what else it is."""
    if operation == "custom-call":
        return TARGET.search(line)[1]
    if operation != "fusion":
        return operation
    by_backend, by_shape = max(KIND.findall(line))  # the name that the backend gives it says more
    return f"fusion {by_backend or by_shape}"
