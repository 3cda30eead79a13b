"""BertLayerNorm: Keras' numbers, eager, in graphs and where a graph's variables became constants."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfbert.layers.layer_norm import BertLayerNorm


def pair(dtype, epsilon=1e-12):
    """Ours and Keras' with the same weights."""
    both = [kind(epsilon=epsilon, dtype=dtype) for kind in (BertLayerNorm, keras.layers.LayerNormalization)]
    for layer in both:
        layer.build((None, 16))
        layer.gamma.assign(np.linspace(0.5, 2.0, 16))
        layer.beta.assign(np.linspace(-1.0, 1.0, 16))
    return both


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_numbers_and_gradients_are_those_of_keras(dtype):
    ours, theirs = pair(dtype)
    inputs = tf.random.stateless_normal([5, 16], [1, 2], mean=3.0)
    results = []
    for layer in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
            total = tf.reduce_sum(tf.cast(outputs, tf.float32) ** 3)
        assert outputs.dtype == layer.compute_dtype
        results.append([outputs, *tape.gradient(total, [inputs, layer.gamma.value, layer.beta.value])])
    for found, expected in zip(*results):
        np.testing.assert_allclose(
            tf.cast(found, tf.float32),
            tf.cast(expected, tf.float32),
            rtol=1e-5 if dtype == "float32" else 2e-2,
            atol=1e-4,
        )


@pytest.mark.parametrize("rows", [3, 500])
def test_graph_optimizers_leave_the_epsilon_alone(rows):
    ours, _ = pair("float32")
    inputs = 1e-3 * tf.random.stateless_normal([rows, 16], [3, 4])  # an epsilon of 0.001 would be a thousand variances
    graph = tf.function(lambda x: tf.identity(ours(x + 0.0)), input_signature=[tf.TensorSpec([None, 16])])
    frozen = convert_variables_to_constants_v2(graph.get_concrete_function())
    for found in (graph(inputs), frozen(inputs)[0]):
        np.testing.assert_allclose(found, ours(inputs), atol=1e-4)
