import math

import numpy as np
import pytest
import tensorflow as tf

from tfbert.layers.activations import ACTIVATIONS, resolve_activation

X = np.linspace(-6, 6, 101)
ERF = np.vectorize(math.erf)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


GELU = 0.5 * X * (1 + ERF(X / math.sqrt(2)))
GELU_TANH = 0.5 * X * (1 + np.tanh(math.sqrt(2 / math.pi) * (X + 0.044715 * X**3)))
EXPECTED = {
    "gelu": GELU,
    "gelu_python": GELU,
    "gelu_10": np.clip(GELU, -10, 10),
    "gelu_fast": GELU_TANH,
    "gelu_new": GELU_TANH,
    "gelu_pytorch_tanh": GELU_TANH,
    "laplace": 0.5 * (1 + ERF((X - 0.707107) / (0.282095 * math.sqrt(2)))),
    "leaky_relu": np.where(X > 0, X, 0.01 * X),
    "linear": X,
    "mish": X * np.tanh(np.log1p(np.exp(X))),
    "quick_gelu": X * sigmoid(1.702 * X),
    "relu": np.maximum(X, 0),
    "relu2": np.maximum(X, 0) ** 2,
    "relu6": np.clip(X, 0, 6),
    "sigmoid": sigmoid(X),
    "silu": X * sigmoid(X),
    "swish": X * sigmoid(X),
    "tanh": np.tanh(X),
}


def test_every_activation_has_a_formula_here():
    assert set(EXPECTED) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", EXPECTED)
def test_activation_equals_its_formula(name):
    output = resolve_activation(name)(tf.constant(X, tf.float32))
    np.testing.assert_allclose(output, EXPECTED[name], atol=2e-6)


def test_exact_gelu_is_one_erf_so_that_onnx_and_litert_have_it():
    graph = tf.function(ACTIVATIONS["gelu"]).get_concrete_function(tf.TensorSpec([None], tf.float32)).graph
    ops = {op.type for op in graph.get_operations()}
    assert "Erf" in ops
    assert "Erfc" not in ops
