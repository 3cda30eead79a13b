"""The gradient of the loss for every weight of every model equals PyTorch's."""

import numpy as np
import pytest
import tensorflow as tf

from tests.models.call_cases import encoder_states
from tests.models.model_cases import CASES, POSITIONS, References, inputs_for, projections, weight_shapes
from tests.models.reference_models import FORMS, as_tensors, make_model
from tfbert.checkpoints.names.weight_names import rows_of

TOLERANCE = 1e-4
NAMES = [*CASES, "BertLMHeadModel+cross"]


@pytest.fixture(scope="module")
def gradients():
    return References("gradients")


def expected_gradients(name, fields, vector):
    """PyTorch's gradients by name; None for a weight that the loss does not touch."""
    shapes = weight_shapes(CASES[name].architecture, fields)
    ends = np.cumsum([np.prod(shapes[key]) for key in sorted(shapes)])
    parts = dict(zip(sorted(shapes), np.split(vector, ends[:-1])))
    return {key: None if np.isnan(part).any() else part.reshape(shapes[key]) for key, part in parts.items()}


def our_gradients(model, case, inputs, form):
    weights = [weight.value for weight in model.trainable_weights]

    def run(tensors):
        with tf.GradientTape() as tape:
            output = model(tensors)
            summed = [] if case.labels else [tf.reduce_sum(output[key] * w) for key, w in projections().items()]
            loss = output.loss if case.labels else tf.add_n(summed)
        return [tf.convert_to_tensor(part) for part in tape.gradient(loss, weights, unconnected_gradients="zero")]

    by_path = dict(zip([weight.path for weight in model.trainable_weights], FORMS[form](run)(as_tensors(inputs))))
    found = {}
    for row, variable in rows_of(model, model.config.num_hidden_layers):
        if variable.path in by_path:
            parts = row.turn.to_checkpoint(by_path[variable.path].numpy())
            found.update(zip(row.names(), parts))
    return found


def check(key, position, gradients, execution="padded", form="eager"):
    name, _, cross = key.partition("+")
    case = CASES[name]
    fields = {**case.fields, "position_embedding_type": position, "add_cross_attention": bool(cross)}
    model = make_model(case.architecture, fields, execution)
    inputs = {**inputs_for(case, "padding"), **case.labels}
    inputs |= {"encoder_hidden_states": encoder_states()} if cross else {}
    found = our_gradients(model, case, inputs, form)
    for weight, expected in expected_gradients(name, fields, gradients[f"{key}/{position}"]).items():
        if expected is None:
            assert weight not in found, weight
            continue
        scale = max(float(np.abs(expected).max()), 1e-3)
        difference = float(np.abs(found[weight] - expected).max()) / scale
        assert difference <= TOLERANCE, f"{weight}: {difference}"


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("key", NAMES)
def test_gradients(key, position, gradients):
    check(key, position, gradients)


# The loss of question answering compares all positions, and padding has no scores of its own when packed.
@pytest.mark.parametrize("key", [key for key in NAMES if key != "BertForQuestionAnswering"])
def test_packed_gradients(key, gradients):
    check(key, POSITIONS[NAMES.index(key) % len(POSITIONS)], gradients, "packed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "position"),
    [
        ("BertForPreTraining", "absolute"),
        ("BertForQuestionAnswering", "relative_key"),
        ("BertLMHeadModel+cross", "relative_key_query"),
    ],
)
def test_compiled_gradients(key, position, gradients):
    check(key, position, gradients, form="xla")


@pytest.mark.exhaustive
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("key", NAMES)
@pytest.mark.parametrize("form", ["graph", "xla"])
def test_every_compiled_gradient(form, key, position, gradients):
    check(key, position, gradients, form=form)
