"""Variables without values, and the first values that they get in the end."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfbert
from tests.checkpoints import random_models
from tests.checkpoints.random_models import MODELS
from tfbert.checkpoints.late_variables import LateVariables

CONFIG = random_models.CONFIG.replace(is_decoder=True, add_cross_attention=True, tie_word_embeddings=False)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", MODELS)
def test_filled_models_are_those_that_were_made_at_once(name, dtype):
    keras.utils.set_random_seed(3)
    expected = getattr(tfbert, name)(CONFIG, dtype=dtype)
    keras.utils.set_random_seed(3)
    with LateVariables() as late:
        model = getattr(tfbert, name)(CONFIG, dtype=dtype)
    late.fill(model.variables, except_for=[])
    assert len(model.variables) > len(model.weights)  # the states of dropout are among them
    assert len(model.variables) == len(expected.variables)
    for variable, other in zip(model.variables, expected.variables):
        np.testing.assert_array_equal(variable.numpy(), other.numpy(), err_msg=variable.path)


def test_only_what_is_empty_is_filled():
    with LateVariables() as late:
        layer = keras.layers.Dense(2)
        layer.build((None, 3))
    layer.kernel.assign(np.full((3, 2), 7.0))
    late.fill(layer.variables, except_for=[layer.kernel])
    assert (layer.kernel.numpy() == 7).all()
    assert (layer.bias.numpy() == 0).all()


def test_variables_made_outside_and_from_arrays_are_as_ever():
    before = keras.Variable(np.ones(2))
    with LateVariables() as late:
        given = tf.Variable([3.0, 4.0])
    after = keras.Variable(keras.initializers.Constant(5.0), shape=(2,))
    late.fill([before, after], except_for=[])
    assert [variable.numpy().tolist() for variable in (before, given, after)] == [[1, 1], [3, 4], [5, 5]]


def test_the_block_ends_with_an_error_too():
    with pytest.raises(RuntimeError), LateVariables():
        raise RuntimeError
    assert keras.Variable(keras.initializers.Constant(5.0), shape=(2,)).numpy().tolist() == [5, 5]
