"""The second step of `gpu.py`: JAX compiles the modules for its device and runs them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from examples.benchmarks.gpu_encoder.bundle import Bundle
from examples.benchmarks.gpu_encoder.turns import Contender
from examples.benchmarks.peers import REQUIREMENTS

TRIED_ON = REQUIREMENTS["jax"][0].partition("==")[2]
# PyTorch needs memory of the same card.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
try:
    import jax
except ImportError as error:
    raise SystemExit(f"This step needs JAX: pip install 'jax[cuda13]=={TRIED_ON}', or 'jax[cpu]'. ({error})") from error
OTHER_NAMES = (
    f"JAX {jax.__version__} names its parts otherwise than {TRIED_ON}, which this was tried on. Take that version: "
    f"pip install 'jax[cuda13]=={TRIED_ON}'."
)
try:
    from jax.extend.core import Primitive
    from jax.extend.mlir import ir
    from jax.extend.mlir.dialects import func
    from jax.interpreters.mlir import merge_mlir_modules, register_lowering
except ImportError as error:
    raise SystemExit(f"{OTHER_NAMES} ({error})") from error

DEVICE = jax.devices()[0]
module = Primitive("stablehlo_module")


@module.def_abstract_eval
def _output(*arguments, text, shape, dtype):
    return jax.core.ShapedArray(shape, dtype)


def _call_of_module(context, *arguments, text, **output):
    """Put a module's functions beside those of JAX, and a call of them in its place."""
    around = context.module_context.module
    with around.context, ir.Location.unknown():
        parsed = ir.Module.parse(text)
        results = ir.SymbolTable(parsed.operation)["main"].type.results
        name = merge_mlir_modules(around, "encoder", parsed)
        return func.CallOp(results, ir.FlatSymbolRefAttr.get(name), arguments).results


register_lowering(module, _call_of_module)


class Encoder:
    """A module of a bundle, compiled for JAX's first device.

    Args:
        bundle: `Bundle`.
        row: dict. One of its manifest's modules.
        weights: list of arrays on the device, as `weights_of` returns them.

    Raises:
        SystemExit: If this version of JAX works otherwise than the one that this was tried on.
    """

    def __init__(self, bundle: Bundle, row: Mapping[str, Any], weights: list[jax.Array]):
        shape = (row["batch"], row["length"], bundle.manifest["config"]["hidden_size"])
        texts = bundle.texts(row["batch"], row["length"])
        self.arguments = [*jax.device_put(texts, DEVICE), *weights]
        run = partial(module.bind, text=bundle.module(row), shape=shape, dtype=weights[0].dtype)
        try:
            self.program = jax.jit(run).lower(*self.arguments).compile()
        except (AttributeError, TypeError) as error:
            raise SystemExit(f"{OTHER_NAMES} ({error})") from error

    def contender(self) -> Contender:
        """Return it as one of those who take turns."""
        return Contender(lambda: self.program(*self.arguments), jax.block_until_ready, np.asarray)

    def hlo(self) -> str:
        """Return the optimized program."""
        return self.program.as_text()


def weights_of(bundle: Bundle, dtype: str) -> list[jax.Array]:
    """Return the weights as modules of a dtype take them, on the device."""
    weights = bundle.weights()
    return [jax.device_put(weights[name].astype(dtype), DEVICE) for name in bundle.manifest["arguments"]]


def matrix_product(size: int, dtype: str) -> tuple[Contender, float]:
    """Return a product of two square matrices as a contender, and its floating point operations."""
    left, right = (jax.random.normal(jax.random.key(seed), (size, size), dtype) for seed in range(2))
    product = jax.jit(partial(jax.numpy.matmul, precision="highest" if dtype == "float32" else None))
    return Contender(lambda: product(left, right), jax.block_until_ready, np.asarray), 2.0 * size**3
