import keras
import numpy as np
import pytest
import tensorflow as tf

LOGIT_TYPES = ("float32", "bfloat16", "float16")


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def streamed():
    """Return a function that feeds a metric in batches of uneven size, an empty one among them, and gives its value."""

    def feed(metric, y_true, y_pred, cuts=(1, 4, 4)):
        for part in zip(np.split(y_true, cuts), np.split(y_pred, cuts)):
            metric.update_state(*part)
        return metric.result()

    return feed


@pytest.fixture
def in_xla():
    """Return a function that feeds a metric inside a compiled step, in equal batches, and gives its value after it."""

    def feed(metric, y_true, y_pred, batches=3):
        @tf.function(jit_compile=True)
        def step(labels, scores):
            metric.update_state(labels, scores)
            return metric.result()

        for part in zip(np.split(y_true, batches), np.split(y_pred, batches)):
            step(*map(tf.constant, part))
        return metric.result()

    return feed


def copied(metric):
    """A metric as Keras saves and loads it."""
    return keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
