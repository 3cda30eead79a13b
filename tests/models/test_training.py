"""Weights of rows and labels, optimizers that outlive changes of a model, and exports."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.model_table import CONFIG, INPUTS, MODELS, class_of
from tfbert import TFBertForPreTraining, TFBertForQuestionAnswering, TFBertForSequenceClassification, TFBertModel

QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
SQUARE = {name: np.repeat(array, 2, axis=0) for name, array in INPUTS.items()}  # 4 rows of 4 positions
PIECES = np.arange(16).reshape(4, 4) % 3


@pytest.mark.parametrize("name", ["TFBertForTokenClassification", "TFBertForMaskedLM", "TFBertLMHeadModel"])
class TestWeightsOfTokenLabels:
    @pytest.fixture
    def model(self, name):
        model = class_of(name)(MODELS[name][0].replace(**QUIET))
        model.compile("sgd", run_eagerly=True)
        return model

    def test_one_weight_a_row_weighs_all_its_labels(self, model, name):
        rows = [
            model({key: array[[row]] for key, array in SQUARE.items()}, labels=PIECES[[row]]).loss for row in (0, 3)
        ]
        weighted = model.evaluate(SQUARE, PIECES, sample_weight=np.array([3.0, 0, 0, 1]), batch_size=4, verbose=0)
        np.testing.assert_allclose(weighted, (3 * rows[0] + rows[1]) / 4, rtol=1e-5)

    def test_one_weight_a_label(self, model, name):
        weights = np.zeros((4, 4))
        weights[2, 1:] = 1
        expected = model(
            {key: array[[2]] for key, array in SQUARE.items()}, labels=np.where(weights[[2]] > 0, PIECES[[2]], -100)
        )
        found = model.evaluate(SQUARE, PIECES, sample_weight=weights, batch_size=4, verbose=0)
        counted = 16 if name != "TFBertLMHeadModel" else 12
        np.testing.assert_allclose(found, expected.loss * 3 / counted, rtol=1e-5)

    def test_weights_of_classes_are_refused(self, model, name):
        with pytest.raises(ValueError, match="`class_weight` needs one class for each row"):
            model.fit(SQUARE, PIECES, class_weight={0: 1.0, 1: 2.0, 2: 1.0}, verbose=0)
        dataset = tf.data.Dataset.from_tensor_slices((SQUARE, PIECES)).batch(2)
        with pytest.raises(ValueError, match="`class_weight` needs one class for each row"):
            model.fit(dataset, class_weight={0: 1.0, 1: 2.0, 2: 1.0}, verbose=0)


@pytest.mark.parametrize("model_class", [TFBertForQuestionAnswering, TFBertForPreTraining])
def test_weights_of_rows_reach_both_outputs(model_class):
    _, inputs, labels, _ = MODELS[model_class.__name__]
    model = model_class(CONFIG.replace(**QUIET))
    model.compile("sgd", run_eagerly=True)
    labels = {name: np.abs(label) % 2 for name, label in labels.items()}
    rows = [
        model({key: array[[row]] for key, array in inputs.items()}, **{n: label[[row]] for n, label in labels.items()})
        for row in (0, 1)
    ]
    expected = (2 * rows[0].loss + 0.5 * rows[1].loss) / 2
    weights = np.array([2.0, 0.5])
    pair = tuple(labels.values())
    for y, given in (
        (labels, weights),
        (pair, weights),
        (labels, dict.fromkeys(labels, weights)),
        (pair, (weights,) * 2),
    ):
        np.testing.assert_allclose(model.evaluate(inputs, y, sample_weight=given, verbose=0), expected, rtol=1e-5)
    dataset = tf.data.Dataset.from_tensor_slices((inputs, labels, weights)).batch(2)
    np.testing.assert_allclose(model.evaluate(dataset, verbose=0), expected, rtol=1e-5)


def test_two_losses_and_metrics_by_output():
    _, inputs, labels, _ = MODELS["TFBertForQuestionAnswering"]
    labels = {name: label % 4 for name, label in labels.items()}
    model = TFBertForQuestionAnswering(CONFIG.replace(**QUIET))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    names = ("start_logits", "end_logits")
    model.compile(
        "sgd", loss=dict.fromkeys(names, loss), metrics={name: ["accuracy"] for name in names}, run_eagerly=True
    )
    result = model.evaluate(inputs, labels, verbose=0, return_dict=True)
    np.testing.assert_allclose(result["loss"], 2 * model(inputs, **labels).loss, rtol=1e-5)
    assert {"start_logits_accuracy", "end_logits_accuracy"} <= set(result)


def trained(model):
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(INPUTS, np.array([0, 1]), epochs=3, batch_size=2, verbose=0)
    return model


CHANGES = {
    "nothing": lambda model: None,
    "heads": lambda model: model.prune_heads({0: [1]}),
    "vocabulary": lambda model: model.resize_token_embeddings(35),
    "head": lambda model: model.replace_head(num_labels=2),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_model_trains_on_and_is_saved_with_its_optimizer(change, tmp_path):
    model = trained(TFBertForSequenceClassification(CONFIG))
    CHANGES[change](model)
    assert int(model.optimizer.iterations) == 3
    model.fit(INPUTS, np.array([0, 1]), batch_size=2, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert int(again.optimizer.iterations) == 4
    for ours, theirs in zip(again.optimizer.variables, model.optimizer.variables):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(again(INPUTS).logits, model(INPUTS).logits)
    twin = TFBertForSequenceClassification(model.config)
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(INPUTS).logits, model(INPUTS).logits)


def test_a_training_step_is_traced_once():
    class Counted(TFBertForSequenceClassification):
        traced = 0

        def train_step(self, data):
            Counted.traced += 1
            return super().train_step(data)

    trained(Counted(CONFIG))
    assert Counted.traced == 1


def test_gradient_checkpointing_keeps_the_optimizer():
    model = trained(TFBertForSequenceClassification(CONFIG))
    optimizer = model.optimizer
    model.gradient_checkpointing_enable()
    model.fit(INPUTS, np.array([0, 1]), batch_size=2, verbose=0)
    model.gradient_checkpointing_disable()
    assert model.optimizer is optimizer
    assert int(optimizer.iterations) == 4


@pytest.mark.parametrize("name", MODELS)
def test_export_writes_a_model_without_keras(name, tmp_path):
    config, inputs, _, shapes = MODELS[name]
    model = class_of(name)(config.replace(use_cache=False))
    model.export(tmp_path / "exported", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "exported"))
    served = loaded.serve({key: tf.constant(array) for key, array in inputs.items()})
    for key in shapes:
        np.testing.assert_allclose(served[key], model(inputs)[key], rtol=0, atol=1e-6)


def test_new_tables_begin_with_zeros_for_padding():
    rows = np.abs(TFBertModel(CONFIG).bert.embeddings.word_embeddings.numpy()).sum(axis=1)
    assert rows[0] == 0
    assert rows[1:].min() > 0
    assert np.abs(TFBertModel(CONFIG.replace(pad_token_id=None)).bert.embeddings.word_embeddings.numpy()[0]).sum() > 0


def test_only_the_bare_model_chooses_its_pooler():
    with pytest.raises(TypeError, match="takes no `add_pooling_layer`"):
        TFBertForSequenceClassification(CONFIG, add_pooling_layer=False)
