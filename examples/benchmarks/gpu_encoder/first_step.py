"""The first step of `gpu.py`: TensorFlow lowers the padded encoder, one module for each shape and precision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import keras
import ml_dtypes
import numpy as np
import tensorflow as tf

from examples.benchmarks.gpu_encoder.bundle import Bundle, random_weights
from tfbert import BertConfig, TFBertModel
from tfbert.option_checks import check_count

CONFIGS = {
    "base": BertConfig(),
    "large": BertConfig(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096),
}
SIZES = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size")
SHARED = {"position_embedding_type": ("absolute",), "is_decoder": (False,), "hidden_act": ("gelu", "gelu_new", "relu")}
REFERENCES = 2  # texts of a length that TensorFlow embeds: a whole one, and one with padding


def export(
    folder: str | PathLike,
    model: str | PathLike | BertConfig,
    batches: Sequence[int],
    lengths: Sequence[int],
    dtypes: Sequence[str],
) -> Bundle:
    """Write modules, weights, texts and what TensorFlow makes of the first texts.

    Args:
        folder: Path. Where to write.
        model: Path of a checkpoint; or a `BertConfig`, for random weights, which are not written.
        batches: Sequence of int.
        lengths: Sequence of int. In tokens.
        dtypes: Sequence of "float32" and "bfloat16". Dtype policies of the model.

    Returns:
        The `Bundle`.

    Raises:
        ValueError: If a size is no positive integer, or the model computes what the PyTorch contender does not.
    """
    for name, sizes in (("batches", batches), ("lengths", lengths)):
        for size in sizes:
            check_count(name, size)
    options = {"add_pooling_layer": False, "execution": "padded"}
    is_random = isinstance(model, BertConfig)
    make = TFBertModel if is_random else TFBertModel.from_pretrained
    exact = make(model, dtype="float32", **options)
    config = exact.config
    for field, values in SHARED.items():
        if getattr(config, field) not in values:
            expected = " or ".join(repr(value) for value in values)
            raise ValueError(f"The model's `{field}` must be {expected}. Received: {getattr(config, field)!r}.")
    shapes = {variable.path: tuple(variable.shape) for variable in weights_of(exact)}
    weights = random_weights(shapes) if is_random else rounded_weights(exact)
    assign(exact, weights)
    texts = {name: array for length in lengths for name, array in texts_of(exact, max(batches), length).items()}
    modules, rows, orders = {}, [], []
    for dtype in dtypes:
        encoder = exact
        if dtype != "float32":
            encoder = TFBertModel(config, dtype=dtype, **options)
            assign(encoder, weights)
        for length in lengths:
            for batch in batches:
                name = f"{dtype}_{batch}x{length}.mlir.gz"
                modules[name], order = lowered(encoder, batch, length)
                orders.append(order)
                flop = operations(config, batch, length)
                rows.append({"file": name, "dtype": dtype, "batch": batch, "length": length, "flop": flop})
    if any(order != orders[0] for order in orders):
        raise RuntimeError("Modules take the weights in different orders; this benchmark expects one for all.")
    manifest = {
        "model": "random weights" if is_random else Path(model).resolve().name,
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
        "config": {name: getattr(config, name) for name in (*SIZES, "layer_norm_eps", *SHARED)},
        "weights": shapes,
        "arguments": orders[0],
        "modules": rows,
    }
    return Bundle.write(folder, manifest, modules, None if is_random else weights, texts)


def weights_of(model: TFBertModel) -> list[keras.Variable]:
    """The variables but for the states of random generators."""
    return [variable for variable in model.variables if "float" in variable.dtype]


def rounded_weights(model: TFBertModel) -> dict[str, np.ndarray]:
    """Weights by name, in bfloat16."""
    return {variable.path: variable.numpy().astype(ml_dtypes.bfloat16) for variable in weights_of(model)}


def assign(model: TFBertModel, weights: Mapping[str, np.ndarray]) -> None:
    """Set the weights by their names."""
    for variable in weights_of(model):
        variable.assign(weights[variable.path].astype(variable.dtype))


def texts_of(model: TFBertModel, count: int, length: int) -> dict[str, np.ndarray]:
    """Random texts of a length, every second one with a quarter of padding, and the states of the first."""
    random = np.random.RandomState(length)
    ids = random.randint(0, model.config.vocab_size, [count, length]).astype(np.int32)
    real = np.where(np.arange(count) % 2, length - length // 4, length)
    mask = (np.arange(length) < real[:, None]).astype(np.int32)
    states = model(ids[:REFERENCES], attention_mask=mask[:REFERENCES]).last_hidden_state.numpy()
    return {f"ids_{length}": ids, f"mask_{length}": mask, f"reference_{length}": states}


def lowered(model: TFBertModel, batch: int, length: int) -> tuple[str, list[str]]:
    """The encoder's StableHLO for one shape, and the names of the weights that it takes after ids and mask."""
    encode = tf.function(
        lambda ids, mask: model(ids, attention_mask=mask).last_hidden_state, jit_compile=True, autograph=False
    )
    example = tf.zeros([batch, length], tf.int32)
    with tensor_float_32(model.compute_dtype != "float32"):
        text = encode.experimental_get_compiler_ir(example, example)(stage="stablehlo")
    names = {id(variable.value.handle): variable.path for variable in model.variables}
    captured = encode.get_concrete_function(example, example).captured_inputs
    return text, [names[id(handle)] for handle in captured]


@contextmanager
def tensor_float_32(enabled: bool) -> Iterator[None]:
    """Say whether products may round float32 on a GPU: without it modules ask for the highest precision."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(enabled)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def operations(config: Any, batch: int, length: int) -> int:
    """Floating point operations of a run's matrix products: dense layers, scores and contexts."""
    width, inner = config.hidden_size, config.intermediate_size
    dense = 2 * batch * length * (4 * width**2 + 2 * width * inner)
    attention = 2 * 2 * batch * length**2 * width
    return config.num_hidden_layers * (dense + attention)
