"""The form in which models are exported with 8 bits: it gives the same before rounding, and leaves no trace."""

import keras
import numpy as np
import tensorflow as tf

from tfbert import BertConfig, TFBertModel
from tfbert.layers.embeddings import gather_rounded
from tfbert.layers.smoothed_dense import SmoothedDense
from tfbert.models.eight_bit_form import eight_bit_form

CONFIG = BertConfig(vocab_size=60, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)


def test_smoothed_products_are_the_same_and_their_inputs_alike():
    dense = keras.layers.Dense(5)
    dense.build((None, 8))
    inputs = np.random.default_rng(0).normal(size=[20, 8]).astype(np.float32)
    inputs[:, 3] *= 50
    layer = SmoothedDense(dense)
    np.testing.assert_allclose(layer(inputs), dense(inputs), atol=1e-6)
    layer.settle()
    np.testing.assert_allclose(layer(inputs), dense(inputs), atol=2e-5)
    sizes = np.abs(inputs).max(axis=0)
    smoothed = sizes * layer.inverse
    assert smoothed.max() / smoothed.min() < 0.5 * sizes.max() / sizes.min()


def test_a_row_of_a_rounded_table_is_off_by_half_a_step_of_its_own():
    values = np.random.default_rng(0).normal(size=[50, 12]).astype(np.float32) * np.logspace(-3, 0, 50)[:, None]
    values[7] = 0
    table = keras.Variable(values)
    rows = gather_rounded(table, tf.range(50)).numpy()
    largest = np.abs(values).max(axis=1, keepdims=True)
    step = np.maximum(largest, largest.max() / 32767 * 127) / 127 * 1.05  # scales are multiples of one number
    assert (np.abs(rows - values) <= step / 2 + 1e-9).all()


def test_a_model_in_it_answers_alike_and_is_itself_afterwards():
    model = TFBertModel(CONFIG)
    ids = tf.constant([[2, 7, 9, 3], [2, 50, 3, 0]])
    expected = model(ids).last_hidden_state
    weights = [(weight.path, np.array(weight)) for weight in model.weights]
    with eight_bit_form(model.bert, lambda: model(ids)):
        assert isinstance(model.bert.encoder.layers[1].attention.qkv, SmoothedDense)
        rounded = model(ids).last_hidden_state
    assert 0 < np.abs(rounded - expected).max() < 0.05
    np.testing.assert_array_equal(model(ids).last_hidden_state, expected)
    for (path, before), after in zip(weights, model.weights, strict=True):
        assert path == after.path
        np.testing.assert_array_equal(before, after)
