"""One set of checks for every model of the table."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfbert
from tests.models.model_table import CONFIG, IDS, MODELS, class_of

EXACT = {"rtol": 0, "atol": 1e-6}


# One model of each kind of label; tracing a training graph takes seconds.
AS_GRAPHS = ("TFBertForSequenceClassification", "TFBertForMaskedLM", "TFBertForQuestionAnswering")


def array_of(tensor):
    return np.asarray(tf.cast(tensor, tf.float32))


def assert_same(found, expected, names, **tolerance):
    for name in names:
        np.testing.assert_allclose(array_of(found[name]), array_of(expected[name]), err_msg=name, **tolerance)


def without_dropout(config):
    return config.replace(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def test_the_table_has_every_model():
    public = {name for name in tfbert.__all__ if name.startswith("TFBert") and not name.endswith("Tokenizer")}
    assert set(MODELS) == public


@pytest.mark.parametrize("name", MODELS)
class TestEveryModel:
    @pytest.fixture
    def row(self, name):
        return MODELS[name]

    @pytest.fixture
    def model(self, name):
        return class_of(name)(MODELS[name][0])

    def test_outputs_in_every_form_of_a_call(self, model, row):
        _, inputs, labels, shapes = row
        expected = model(**inputs)
        assert [key for key in expected if key != "past_key_values"] == list(shapes)
        assert {key: tuple(expected[key].shape) for key in shapes} == shapes
        assert all(expected[key].dtype == tf.float32 for key in shapes)
        tensors = {key: tf.constant(array, tf.int64) for key, array in inputs.items()}
        for output in (
            model(inputs),
            model(list(inputs.values())),
            model(tuple(tensors.values())),
            model(*tensors.values()),
            model(tensors["input_ids"].numpy().tolist(), **{k: v for k, v in tensors.items() if k != "input_ids"}),
            tf.function(model)(tensors),
            model.predict(inputs, verbose=0),
        ):
            assert type(output) is type(expected)
            assert_same(output, expected, shapes, **EXACT)
        as_tuple = model(inputs, return_dict=False)
        assert isinstance(as_tuple, tuple)
        np.testing.assert_array_equal(as_tuple[0], expected[0])
        assert all(key in model.arguments for key in labels)

    def test_optional_outputs(self, model, row):
        config, inputs, _, _ = row
        output = model(inputs, output_hidden_states=True, output_attentions=True)
        rows = np.prod(inputs["input_ids"].shape[:-1])
        assert [state.shape for state in output.hidden_states] == [(rows, 4, 16)] * 3
        assert [probabilities.shape for probabilities in output.attentions] == [(rows, 2, 4, 4)] * 2
        assert ("past_key_values" in output) == config.is_decoder

    def test_embeddings_in_place_of_ids(self, model, row):
        _, inputs, _, shapes = row
        table = tf.convert_to_tensor(model.get_input_embeddings().weight)
        others = {key: array for key, array in inputs.items() if key != "input_ids"}
        output = model(inputs_embeds=tf.gather(table, inputs["input_ids"]), **others)
        assert_same(output, model(inputs), shapes, **EXACT)

    def test_functional_model(self, model, row, tmp_path):
        _, inputs, _, shapes = row
        symbolic = {
            key: keras.Input([None] * (array.ndim - 1), dtype="int32", name=key) for key, array in inputs.items()
        }
        outputs = {key: model(symbolic)[key] for key in shapes}
        functional = keras.Model(symbolic, outputs)
        functional.save(tmp_path / "functional.keras")
        again = keras.models.load_model(tmp_path / "functional.keras")
        assert_same(again.predict(inputs, verbose=0), model(inputs), shapes, **EXACT)

    def test_archive_weights_file_and_clone(self, model, row, tmp_path):
        _, inputs, _, shapes = row
        expected = model(inputs)
        model.save(tmp_path / "model.keras")
        model.save_weights(tmp_path / "model.weights.h5")
        again = keras.models.load_model(tmp_path / "model.keras")
        assert type(again) is type(model)
        assert again.get_config() == model.get_config()
        clone = type(model).from_config(model.get_config())
        clone.load_weights(tmp_path / "model.weights.h5")
        for other in (again, clone):
            assert_same(other(inputs), expected, shapes, rtol=0, atol=0)

    def test_pretrained_folder(self, model, row, tmp_path):
        config, inputs, _, shapes = row
        model.save_pretrained(tmp_path)
        again, info = type(model).from_pretrained(tmp_path, output_loading_info=True)
        assert info == {"missing_keys": [], "unexpected_keys": [], "mismatched_keys": []}
        assert again.config.replace(architectures=None) == config.replace(architectures=None)
        assert_same(again(inputs), model(inputs), shapes, rtol=0, atol=0)

    def test_saved_model(self, model, row, tmp_path):
        _, inputs, _, shapes = row
        signature = {key: tf.TensorSpec([None] * array.ndim, tf.int32, key) for key, array in inputs.items()}
        served = tf.function(lambda **given: {key: model(given)[key] for key in shapes})
        tf.saved_model.save(model, str(tmp_path), signatures=served.get_concrete_function(**signature))
        reloaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
        output = reloaded(**{key: tf.constant(array) for key, array in inputs.items()})
        assert_same(output, model(inputs), shapes, **EXACT)

    def test_xla(self, model, row):
        _, inputs, _, shapes = row
        compiled = tf.function(lambda given: {key: model(given)[key] for key in shapes}, jit_compile=True)
        assert_same(compiled({k: tf.constant(v) for k, v in inputs.items()}), model(inputs), shapes, rtol=0, atol=1e-5)

    @pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
    def test_mixed_precision_keeps_logits_and_loss_in_float32(self, name, row, policy):
        config, inputs, labels, shapes = row
        model, mixed = class_of(name)(config), class_of(name)(config, dtype=policy)
        mixed.set_weights(model.get_weights())
        output = mixed(inputs, **labels)
        assert_same(output, model(inputs), shapes, rtol=0, atol=0.15)
        if labels:
            assert {output[key].dtype for key in (*shapes, "loss")} == {tf.float32}
        assert {weight.dtype for weight in mixed.weights} == {"float32"}

    def test_gradient_checkpointing_changes_no_gradient(self, name, row):
        config, inputs, labels, shapes = row

        def gradients(model, train):
            with tf.GradientTape() as tape:
                output = model(inputs, **labels, training=train)
                loss = output.loss if labels else tf.reduce_sum(output[next(iter(shapes))])
            return tape.gradient(loss, [weight.value for weight in model.trainable_weights])

        model = class_of(name)(without_dropout(config))
        expected = gradients(model, True)
        model.gradient_checkpointing_enable()
        for found, wanted in zip(gradients(model, True), expected):
            assert (found is None) == (wanted is None)
            if wanted is not None:
                np.testing.assert_allclose(array_of(found), array_of(wanted), rtol=0, atol=1e-6)

    def test_resized_vocabulary(self, name, row, tmp_path):
        config, inputs, _, shapes = row
        model = class_of(name)(config)
        count, before = len(model.weights), model(inputs)
        model.resize_token_embeddings(33)
        assert model.config.vocab_size == model.bert.config.vocab_size == 33
        assert model.get_input_embeddings().weight.shape == (33, 16)
        assert len(model.weights) == count
        after = model(inputs)
        for key, shape in shapes.items():
            over_vocabulary = shape[-1] == 30
            found = after[key][..., :30] if over_vocabulary else after[key]
            np.testing.assert_allclose(array_of(found), array_of(before[key]), **EXACT)
            assert after[key].shape[-1] == (33 if over_vocabulary else shape[-1])
        model(np.full_like(inputs["input_ids"], 32))
        model.save(tmp_path / "model.keras")
        assert_same(keras.models.load_model(tmp_path / "model.keras")(inputs), after, shapes, rtol=0, atol=0)
        model.resize_token_embeddings(20)
        assert model(inputs)[0].shape[-1] == (20 if next(iter(shapes.values()))[-1] == 30 else after[0].shape[-1])

    def test_pruned_heads_are_heads_that_the_mask_hides(self, name, row, tmp_path):
        config, inputs, _, shapes = row
        model = class_of(name)(config)
        expected = model(inputs, head_mask=np.array([[1, 0], [0, 1]], np.float32))
        model.prune_heads({0: [1]})
        model.prune_heads({1: [0]})
        assert model.config.pruned_heads == {0: [1], 1: [0]}
        assert_same(model(inputs), expected, shapes, **EXACT)
        model.save_pretrained(tmp_path)
        assert_same(type(model).from_pretrained(tmp_path)(inputs), expected, shapes, **EXACT)


@pytest.mark.parametrize("name", [name for name, (_, _, labels, _) in MODELS.items() if labels])
class TestEveryModelWithALoss:
    def test_loss_is_one_finite_scalar_and_zero_where_no_label_counts(self, name):
        config, inputs, labels, _ = MODELS[name]
        model = class_of(name)(without_dropout(config))
        loss = model(inputs, **labels).loss
        assert loss.shape == ()
        assert loss > 0
        ignored = 99 if "start_positions" in labels else -100
        with tf.GradientTape() as tape:
            every_label = {key: np.full_like(array, ignored) for key, array in labels.items()}
            loss = model(inputs, **every_label, training=True).loss
        assert float(loss) == 0
        gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
        assert all(np.isfinite(array_of(gradient)).all() for gradient in gradients if gradient is not None)

    @pytest.mark.slow
    def test_fit_lowers_the_loss_wherever_the_labels_are(self, name):
        config, inputs, labels, _ = MODELS[name]
        y = labels if len(labels) > 1 else next(iter(labels.values()))
        histories = []
        for x, targets in ((inputs, y), ({**inputs, **labels}, None), (inputs, labels)):
            keras.utils.set_random_seed(1)
            model = class_of(name)(without_dropout(config))
            eager = bool(histories) or name not in AS_GRAPHS
            model.compile(keras.optimizers.Adam(1e-2), run_eagerly=eager)
            history = model.fit(x, targets, epochs=4, batch_size=2, shuffle=False, verbose=0).history["loss"]
            histories.append(history)
        np.testing.assert_allclose(histories[1:], [histories[0]] * 2, rtol=1e-4)
        assert histories[0][-1] < histories[0][0]
        np.testing.assert_allclose(model.evaluate(inputs, y, verbose=0), model(inputs, **labels).loss, rtol=1e-5)
        keras.utils.set_random_seed(1)
        untrained = class_of(name)(without_dropout(config))
        np.testing.assert_allclose(histories[0][0], untrained(inputs, **labels).loss, rtol=1e-5)

    def test_training_repeats_bit_for_bit(self, name):
        config, inputs, labels, _ = MODELS[name]
        runs = []
        for _ in range(2):
            keras.utils.set_random_seed(3)
            model = class_of(name)(config)
            model.compile(keras.optimizers.Adam(1e-3), run_eagerly=True)
            model.fit(inputs, labels, epochs=2, batch_size=2, verbose=0)
            runs.append(model.get_weights())
        for first, second in zip(*runs):
            np.testing.assert_array_equal(first, second)


def test_the_bare_model_takes_no_labels():
    with pytest.raises(TypeError, match="Unknown input 'labels'"):
        class_of("TFBertModel")(CONFIG)(IDS, labels=[0, 1])


def test_dropout_under_gradient_checkpointing_is_dropped_alike_in_both_runs():
    """The gradient of a linear function of one step is that of finite differences only where dropout repeats."""
    name = "TFBertForSequenceClassification"
    config, inputs, labels, _ = MODELS[name]
    config = config.replace(hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.3)
    model = class_of(name)(config)
    model.gradient_checkpointing_enable()
    bias = model.bert.encoder.layers[0].intermediate.bias

    def loss_at(shift):
        keras.utils.set_random_seed(5)
        for layer in model._flatten_layers():
            if hasattr(layer, "seed_generator"):
                layer.seed_generator.state.assign([7, 0])
        bias.assign(start + shift)
        with tf.GradientTape() as tape:
            loss = model(inputs, **labels, training=True).loss
        return float(loss), tape.gradient(loss, bias.value)

    start = bias.numpy()
    _, gradient = loss_at(0.0)
    direction = np.random.default_rng(0).normal(size=start.shape).astype(np.float32)
    step = 1e-2
    slope = (loss_at(step * direction)[0] - loss_at(-step * direction)[0]) / (2 * step)
    np.testing.assert_allclose(float(tf.reduce_sum(gradient * direction)), slope, rtol=2e-2)


@pytest.mark.parametrize("heads", [{0: [2]}, {2: [0]}, {0: [0, 1]}])
def test_heads_that_cannot_be_pruned_are_refused(heads):
    with pytest.raises(ValueError, match="`pruned_heads` must name heads"):
        class_of("TFBertModel")(CONFIG).prune_heads(heads)


def test_a_custom_activation_is_used_and_saved(tmp_path):
    @keras.saving.register_keras_serializable(package="tests")
    def twice_relu(x):
        return 2 * tf.nn.relu(x)

    model = class_of("TFBertForMaskedLM")(CONFIG.replace(hidden_act=twice_relu))
    assert np.abs(model(IDS).logits - class_of("TFBertForMaskedLM")(CONFIG)(IDS).logits).max() > 0
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(IDS).logits, model(IDS).logits)
    with pytest.raises(ValueError, match="`hidden_act` must be a name"):
        model.save_pretrained(tmp_path / "folder")
    with pytest.raises(ValueError, match="cannot be saved"):
        class_of("TFBertModel")(CONFIG.replace(hidden_act=lambda x: x)).get_config()
