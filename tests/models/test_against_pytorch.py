"""Every output equal to PyTorch's to 1e-5 at real positions, for both layouts, eagerly, in graphs and under XLA."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import FIXTURES
from tfbert import TFBertForSequenceClassification, TFBertModel

TOLERANCE = 1e-5
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
MODELS = ("model_gelu_l2", "model_gelu_new_l3", "model_relu_l1")
CLASSIFIERS = ("classifier_regression", "classifier_single_label", "classifier_multi_label")
FORMS = {
    "eager": lambda model, **options: lambda inputs: model(inputs, **options),
    "graph": lambda model, **options: tf.function(lambda inputs: model(inputs, **options)),
    "xla": lambda model, **options: tf.function(lambda inputs: model(inputs, **options), jit_compile=True),
}


def assert_close(found, expected, real=None):
    """Compare at real positions of [..., B, S, D], or everywhere."""
    difference = np.abs(np.asarray(found) - expected)
    if real is not None:
        difference = difference[..., real, :]
    assert difference.max() <= TOLERANCE


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("execution", ["packed", "padded"])
@pytest.mark.parametrize("name", MODELS)
def test_hidden_states(name, execution, form, reference):
    expected = reference(name)
    model = TFBertModel.from_pretrained(FIXTURES / "tiny" / name, execution=execution)
    run = FORMS[form](model, output_hidden_states=True, output_attentions=True)
    output = run({key: tf.constant(expected[key], tf.int32) for key in INPUTS})
    real = expected["attention_mask"] > 0
    assert_close(output.last_hidden_state, expected["last_hidden_state"], real)
    assert_close(output.pooler_output, expected["pooler_output"])
    assert_close(tf.stack(output.hidden_states), expected["hidden_states"], real)
    for layer, probabilities in enumerate(output.attentions):
        by_position = np.moveaxis(np.asarray(probabilities), 1, 2)  # [B, S, H, S]
        assert_close(by_position[real], np.moveaxis(expected["attentions"][layer], 1, 2)[real])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifier_logits_and_loss(name, reference):
    expected = reference(name)
    model = TFBertForSequenceClassification.from_pretrained(FIXTURES / "tiny" / name)
    output = model({key: expected[key] for key in INPUTS}, labels=expected["labels"])
    assert_close(output.logits, expected["logits"])
    assert_close(output.loss, expected["loss"])
    assert output.loss.shape == ()


def test_padding_changes_nothing_at_real_positions(reference):
    expected = reference("model_gelu_l2")
    model = TFBertModel.from_pretrained(FIXTURES / "tiny" / "model_gelu_l2")
    inputs = {key: expected[key].astype(np.int32) for key in INPUTS}
    padded = {key: np.pad(value, ((0, 0), (0, 9))) for key, value in inputs.items()}
    real = inputs["attention_mask"] > 0
    short, long = model(inputs).last_hidden_state, model(padded).last_hidden_state
    assert_close(np.asarray(long)[:, :13][real], np.asarray(short)[real])


@pytest.mark.parametrize("other", ["packed", "xla"])
def test_gradients_agree_between_executions(reference, other):
    expected = reference("classifier_single_label")
    gradients = {}
    for execution in (other, "padded"):
        model = TFBertForSequenceClassification.from_pretrained(
            FIXTURES / "tiny" / "classifier_single_label",
            execution=execution,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        with tf.GradientTape() as tape:
            loss = model({key: expected[key] for key in INPUTS}, labels=expected["labels"], training=True).loss
        gradients[execution] = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    for gradient, padded, weight in zip(gradients[other], gradients["padded"], model.trainable_weights):
        scale = max(float(tf.reduce_max(tf.abs(padded))), 1e-3)
        assert float(tf.reduce_max(tf.abs(gradient - padded))) / scale <= 1e-4, weight.path


def test_fully_masked_row_attends_to_all_positions_alike():
    model = TFBertModel.from_pretrained(FIXTURES / "tiny" / "model_gelu_l2", execution="padded")
    ids, mask = np.array([[7, 8, 9]]), np.zeros((1, 3), np.int32)
    probabilities = model(ids, mask, output_attentions=True).attentions[0]
    np.testing.assert_allclose(probabilities, 1 / 3, rtol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_stays_near_with_float32_logits(policy, reference):
    expected = reference("classifier_single_label")
    model = TFBertForSequenceClassification.from_pretrained(FIXTURES / "tiny" / "classifier_single_label", dtype=policy)
    output = model({key: expected[key] for key in INPUTS}, labels=expected["labels"], output_hidden_states=True)
    assert output.hidden_states[-1].dtype == policy.removeprefix("mixed_")
    assert output.logits.dtype == output.loss.dtype == tf.float32
    assert {weight.dtype for weight in model.weights} == {"float32"}
    np.testing.assert_allclose(output.logits, expected["logits"], atol=0.15)
