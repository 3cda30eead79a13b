"""Our models with the weights of PyTorch's references, and how outputs are compared."""

import numpy as np
import tensorflow as tf

import tfbert
from tests.models.model_cases import SIZES, weight_shapes, weights_for
from tfbert.checkpoints.stored_tensor import StoredTensor
from tfbert.checkpoints.transfer import load_into

TOLERANCE = 1e-5
FORMS = {
    "eager": lambda call: call,
    "graph": tf.function,
    "xla": lambda call: tf.function(call, jit_compile=True),
}
# Axes that bring batch and position to the front.
_BY_POSITION = {"hidden_states": (1, 2, 0, 3), "attentions": (1, 3, 0, 2, 4), "cross_attentions": (1, 3, 0, 2, 4)}


def make_model(architecture, fields, execution="padded"):
    """Our model of that PyTorch class, every weight of which PyTorch's counterpart had."""
    config = tfbert.BertConfig(**{**SIZES, **fields})
    model = getattr(tfbert, f"TF{architecture}")(config, execution=execution)
    arrays = {name: weights_for(name, shape) for name, shape in weight_shapes(architecture, fields).items()}
    tensors = {
        name: StoredTensor(name, array.shape, "float32", "weights_for", lambda array=array: array)
        for name, array in arrays.items()
    }
    report = load_into(model, tensors, config.num_hidden_layers, "weights_for")
    assert (report.missing_keys, report.unexpected_keys) == ([], [])
    return model


def as_tensors(inputs):
    """Inputs as tensors, so that a compiled function takes them as arguments; flags stay as they are."""
    return {
        name: tf.constant(value, tf.int32 if value.dtype.kind == "i" else tf.float32)
        if isinstance(value, np.ndarray)
        else value
        for name, value in inputs.items()
    }


def assert_equal(found, expected, where, real=None):
    """Compare outputs by name: everywhere, or what has positions only at the real ones."""
    assert sorted(found) == sorted(expected), where
    for name, array in expected.items():
        ours = found[name]
        assert ours.shape == array.shape, f"{where} {name}"
        if real is not None:
            ours, array = (_at_real(name, values, real.reshape(-1, real.shape[-1])) for values in (ours, array))
        difference = float(np.abs(ours - array).max())
        assert difference <= TOLERANCE, f"{where} {name}: {difference}"


def _at_real(name, array, real):
    array = array.transpose(_BY_POSITION[name]) if name in _BY_POSITION else array
    return array[real > 0] if array.shape[:2] == real.shape else array
