"""Every form of calling a model gives the same output; wrong forms are refused in our words."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.model_table import CONFIG
from tfbert import TFBertForSequenceClassification, TFBertModel
from tfbert.outputs import TFBaseModelOutputWithPoolingAndCrossAttentions, TFSequenceClassifierOutput

IDS = np.array([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0]])
TYPES = np.array([[0, 0, 1, 1], [0, 0, 0, 0]])


@pytest.fixture
def model():
    return TFBertForSequenceClassification(CONFIG)


def test_every_form_gives_the_same_logits(model):
    expected = model(input_ids=IDS, attention_mask=MASK, token_type_ids=TYPES).logits
    as_tensors = [tf.constant(array, tf.int64) for array in (IDS, MASK, TYPES)]
    named = {"input_ids": IDS, "attention_mask": MASK, "token_type_ids": TYPES}
    for output in (
        model(IDS, MASK, TYPES),
        model([IDS, MASK, TYPES]),
        model((IDS, MASK, TYPES)),
        model(as_tensors),
        model(*as_tensors),
        model(named),
        model({**named, "position_ids": None}),
        model(IDS, attention_mask=MASK, token_type_ids=TYPES),
        model({"input_ids": IDS}, attention_mask=MASK, token_type_ids=TYPES),
        model(IDS.tolist(), MASK.tolist(), TYPES.tolist()),
        model(input_ids=IDS.astype(np.int8), attention_mask=MASK.astype(bool), token_type_ids=TYPES),
        model(IDS, MASK.astype(np.float32), TYPES),
        tf.function(model)(tf.constant(IDS), tf.constant(MASK), tf.constant(TYPES)),
        tf.function(model)({name: tf.constant(array) for name, array in named.items()}),
        model.predict(named, verbose=0),
        model.predict([IDS, MASK, TYPES], verbose=0),
        model.predict_on_batch(named),
    ):
        assert isinstance(output, TFSequenceClassifierOutput)
        np.testing.assert_allclose(output.logits, expected, atol=1e-6)


def test_symbolic_inputs_build_a_functional_model(model, tmp_path):
    inputs = {
        name: keras.Input((None,), dtype=dtype, name=name)
        for name, dtype in (("input_ids", "int32"), ("attention_mask", "int64"), ("token_type_ids", "int32"))
    }
    symbolic = model(inputs)
    assert isinstance(symbolic, TFSequenceClassifierOutput)
    assert symbolic.logits.shape == (None, 3)
    functional = keras.Model(inputs, symbolic.logits)
    named = {"input_ids": IDS, "attention_mask": MASK, "token_type_ids": TYPES}
    expected = model(named).logits
    np.testing.assert_allclose(functional(named), expected, atol=1e-6)
    functional.save(tmp_path / "functional.keras")
    again = keras.models.load_model(tmp_path / "functional.keras")
    np.testing.assert_allclose(again.predict(named, verbose=0), expected, atol=1e-6)


def test_output_fields_and_flags(model):
    plain = model(IDS)
    assert list(plain) == ["logits"]
    full = model(IDS, output_hidden_states=True, output_attentions=True, labels=[0, 1])
    assert list(full) == ["loss", "logits", "hidden_states", "attentions"]
    assert len(full.hidden_states) == 3
    assert full.hidden_states[0].shape == (2, 4, 16)
    assert len(full.attentions) == 2
    assert full.attentions[0].shape == (2, 2, 4, 4)
    assert full[1] is full.logits
    as_tuple = model(IDS, return_dict=False, labels=[0, 1])
    assert isinstance(as_tuple, tuple)
    np.testing.assert_array_equal(as_tuple[1], plain.logits)


def test_config_sets_the_default_of_flags():
    config = CONFIG.replace(output_hidden_states=True, output_attentions=True)
    output = TFBertModel(config)(IDS)
    assert isinstance(output, TFBaseModelOutputWithPoolingAndCrossAttentions)
    assert list(output) == ["last_hidden_state", "pooler_output", "hidden_states", "attentions"]
    assert isinstance(TFBertModel(CONFIG.replace(return_dict=False))(IDS), tuple)
    assert list(TFBertModel(CONFIG, add_pooling_layer=False)(IDS)) == ["last_hidden_state"]


def test_embeddings_in_place_of_ids(model):
    table = model.bert.embeddings.word_embeddings
    embedded = tf.gather(tf.convert_to_tensor(table), IDS)
    np.testing.assert_allclose(model(inputs_embeds=embedded).logits, model(IDS).logits, atol=1e-6)
    np.testing.assert_allclose(
        model({"inputs_embeds": embedded}, attention_mask=MASK).logits, model(IDS, MASK).logits, atol=1e-6
    )


def test_position_ids_and_their_default(model):
    np.testing.assert_allclose(model(IDS, position_ids=np.arange(4)[None]).logits, model(IDS).logits, atol=1e-6)
    shifted = model(IDS, position_ids=np.array([[3, 4, 5, 6]] * 2)).logits
    assert np.abs(shifted - model(IDS).logits).max() > 1e-4


def test_head_mask(model):
    kept = model(IDS, head_mask=np.ones((2, 2))).logits
    np.testing.assert_allclose(kept, model(IDS).logits, atol=1e-6)
    output = model(IDS, head_mask=np.array([1, 0]), output_attentions=True)
    assert np.abs(output.attentions[0][:, 1]).max() == 0
    assert np.abs(output.attentions[1][:, 0]).max() > 0


def test_three_dimensional_mask_limits_each_query(model):
    whole = np.repeat(MASK[:, None], 4, axis=1)
    np.testing.assert_allclose(
        model(IDS, whole, output_attentions=True).attentions[0][0],
        model(IDS, MASK, output_attentions=True).attentions[0][0],
        atol=1e-6,
    )
    causal = np.tril(np.ones((2, 4, 4), int))
    probabilities = np.asarray(model(IDS, causal, output_attentions=True).attentions[0])
    assert np.triu(probabilities, 1).max() == 0


@pytest.mark.slow
def test_keras_trains_with_labels_in_either_place():
    named = {"input_ids": IDS, "attention_mask": MASK}
    labels = np.array([0, 2])
    histories = []
    for x, y in ((named, labels), ({**named, "labels": labels}, None)):
        keras.utils.set_random_seed(1)
        model = TFBertForSequenceClassification(
            CONFIG.replace(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        )
        model.compile(keras.optimizers.Adam(1e-2), metrics=["accuracy"])
        histories.append(model.fit(x, y, epochs=5, batch_size=2, verbose=0).history)
    assert histories[0]["loss"][-1] < histories[0]["loss"][0]
    np.testing.assert_allclose(histories[0]["loss"], histories[1]["loss"], rtol=1e-5)
    assert histories[0]["accuracy"] == histories[1]["accuracy"]


def test_labels_among_the_inputs_are_weighted_and_use_the_users_loss_too():
    model = TFBertForSequenceClassification(CONFIG)
    labels, weights = np.array([0, 2]), np.array([3.0, 0.0])
    for loss in (None, keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")):
        model.compile("adam", loss=loss)
        apart = model.evaluate({"input_ids": IDS}, labels, sample_weight=weights, verbose=0)
        within = model.evaluate({"input_ids": IDS, "labels": labels}, sample_weight=weights, verbose=0)
        assert within == pytest.approx(apart, rel=1e-5)


@pytest.mark.parametrize(
    ("fields", "labels"),
    [
        ({"num_labels": 1}, np.array([1.0])),
        ({"num_labels": 2, "problem_type": "regression"}, np.array([1.0, 2.0])),
        ({"num_labels": 3}, np.array([0])),
        ({"num_labels": 3, "problem_type": "multi_label_classification"}, np.array([1.0, 0.0])),
    ],
)
def test_labels_that_would_broadcast_are_refused(fields, labels):
    model = TFBertForSequenceClassification(CONFIG.replace(**fields))
    with pytest.raises(ValueError, match="`labels` for"):
        model(IDS, labels=labels)


def test_training_without_labels_or_with_tuples_is_refused():
    model = TFBertForSequenceClassification(CONFIG)
    model.compile("sgd")
    with pytest.raises(ValueError, match="There are no labels"):
        model.fit({"input_ids": IDS}, verbose=0)
    model = TFBertForSequenceClassification(CONFIG.replace(return_dict=False))
    model.compile("sgd")
    with pytest.raises(ValueError, match="return_dict"):
        model.fit({"input_ids": IDS}, np.array([0, 1]), verbose=0)


def test_keras_loss_of_the_users_choice_is_used():
    model = TFBertForSequenceClassification(CONFIG)
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    own = model.evaluate({"input_ids": IDS}, np.array([0, 2]), verbose=0)
    assert own == pytest.approx(float(model(IDS, labels=np.array([0, 2])).loss), rel=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m(), ValueError, "exactly one of `input_ids` and `inputs_embeds`"),
        (lambda m: m(IDS, inputs_embeds=np.zeros((2, 4, 16))), ValueError, "Received: both"),
        (lambda m: m({"input_ids": IDS, "mask": MASK}), TypeError, "Unknown input 'mask'"),
        (lambda m: m(IDS, input_ids=IDS), TypeError, "given twice"),
        (lambda m: m([IDS] * 7), ValueError, "at most 6 inputs, in the order"),
        (lambda m: m(IDS[0]), ValueError, "rank 2"),
        (lambda m: m(IDS, MASK[:, :3]), ValueError, "`attention_mask` must have the shape"),
        (lambda m: m(IDS, token_type_ids=TYPES[:1, :2]), ValueError, "`token_type_ids` must have the shape"),
        (lambda m: m(IDS.astype(np.float32)), TypeError, "must hold integers"),
        (lambda m: m(np.array([["a b"]])), TypeError, "tfbert.tasks"),
        (lambda m: m([[1, 2], [3]]), ValueError, "one length"),
        (lambda m: m(tf.ragged.constant([[1, 2], [3]])), TypeError, "RaggedTensor"),
        (lambda m: m(IDS + 30), ValueError, "`input_ids` must lie from 0 to 29"),
        (lambda m: m(-IDS), ValueError, "`input_ids` must lie from 0 to 29"),
        (lambda m: m(IDS, token_type_ids=TYPES * 2), ValueError, "`token_type_ids` must lie from 0 to 1"),
        (lambda m: m(np.ones((1, 13), int)), ValueError, "13 positions.*max_length=12"),
        (lambda m: m(IDS, head_mask=np.ones((5, 2))), ValueError, "`head_mask` must have the shape"),
        (lambda m: m(IDS, head_mask=np.ones(3)), ValueError, "`head_mask` must have the shape"),
        (lambda m: m(IDS, head_mask=np.ones((3, 1, 2, 1, 1))), ValueError, "`head_mask` must have the shape"),
        (lambda m: m(IDS, MASK * 2), ValueError, "`attention_mask` must hold 1"),
        (lambda m: m(IDS, position_ids=IDS * 2), ValueError, "`position_ids` must lie from 0 to 11"),
    ],
)
def test_wrong_calls_are_refused(model, call, error, message):
    with pytest.raises(error, match=message):
        call(model)


def test_too_long_input_fails_in_a_graph_of_dynamic_length(model):
    run = tf.function(lambda ids: model(ids).logits, input_signature=[tf.TensorSpec([None, None], tf.int32)])
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(tf.ones([1, 13], tf.int32))


def test_unknown_execution_is_refused():
    with pytest.raises(ValueError, match="`execution` must be one of"):
        TFBertModel(CONFIG, execution="fast")


def test_dummy_inputs_run(model):
    assert model(model.dummy_inputs).logits.shape == (2, 3)
