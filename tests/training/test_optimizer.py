"""BertAdamW against the formula of PyTorch's AdamW, and with what Keras' optimizers can do beside it."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.model_table import CONFIG, INPUTS
from tfbert import TFBertForSequenceClassification
from tfbert.training import BertAdamW
from tfbert.training.optimizers.layer_rates import layer_rates

RATE, DECAY = 0.01, 0.1
START = np.random.RandomState(0).standard_normal((5, 3)).astype(np.float32)
GRADIENTS = [np.float32(np.random.RandomState(seed).standard_normal((5, 3)) * 10.0**-seed) for seed in range(1, 9)]


def expected(gradients, amsgrad=False, epsilon=1e-8, beta_1=0.9, beta_2=0.999):
    """Algorithm 2 of Loshchilov & Hutter in float64, with epsilon where PyTorch has it."""
    weight, m, v, highest = START.astype(np.float64), 0.0, 0.0, 0.0
    for step, gradient in enumerate(np.float64(gradients), start=1):
        weight = weight * (1 - RATE * DECAY)
        m = beta_1 * m + (1 - beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient**2
        highest = np.maximum(highest, v)
        root = np.sqrt((highest if amsgrad else v) / (1 - beta_2**step))
        weight = weight - RATE * m / (1 - beta_1**step) / (root + epsilon)
    return weight


def built(dtype="float32", name="kernel", **options):
    variable = keras.Variable(START, dtype=dtype, name=name)
    optimizer = BertAdamW(RATE, weight_decay=DECAY, **options)
    optimizer.build([variable])
    return optimizer, variable


def updated(gradients, dtype="float32", **options):
    optimizer, variable = built(dtype, **options)
    for gradient in gradients:
        optimizer.apply([gradient if isinstance(gradient, tf.IndexedSlices) else tf.cast(gradient, dtype)], [variable])
    return np.asarray(tf.cast(variable.value, tf.float64))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_updates_are_those_of_pytorch(dtype, amsgrad):
    found = updated(GRADIENTS, dtype, amsgrad=amsgrad)
    np.testing.assert_allclose(found, expected(GRADIENTS, amsgrad), rtol=0, atol=2e-6)


def test_without_momentum():
    np.testing.assert_allclose(updated(GRADIENTS, beta_1=0.0), expected(GRADIENTS, beta_1=0.0), rtol=0, atol=2e-6)


def test_half_of_the_bits_learn_too():
    # Keras computes in bfloat16 what has to be 1 - 0.999**step there, and learns nothing.
    np.testing.assert_allclose(updated(GRADIENTS[:3], "bfloat16"), expected(GRADIENTS[:3]), rtol=0, atol=0.02)


def test_a_compiled_update_is_the_same():
    optimizer, variable = built()
    step = tf.function(lambda gradient: optimizer.apply([gradient], [variable]), autograph=False, jit_compile=True)
    for gradient in GRADIENTS:
        step(tf.constant(gradient))
    np.testing.assert_allclose(variable.numpy(), expected(GRADIENTS), rtol=0, atol=2e-6)


def test_rows_that_a_sparse_gradient_names_twice_are_summed():
    values, rows = GRADIENTS[0][:3], [4, 1, 4]
    dense = np.zeros_like(START)
    np.add.at(dense, rows, values)
    for options, factor in (({}, 1.0), ({"global_clipnorm": 1.0}, 1.0 / max(1.0, np.linalg.norm(dense)))):
        found = updated([tf.IndexedSlices(tf.constant(values), tf.constant(rows), tf.constant(START.shape))], **options)
        np.testing.assert_allclose(found, expected([dense * factor]), rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    ("options", "clip"),
    [
        ({"global_clipnorm": 0.1}, lambda g: g * 0.1 / max(0.1, np.linalg.norm(g))),
        ({"clipnorm": 0.1}, lambda g: g * 0.1 / max(0.1, np.linalg.norm(g))),
        ({"clipvalue": 0.01}, lambda g: np.clip(g, -0.01, 0.01)),
    ],
)
def test_clipping(options, clip):
    found = updated(GRADIENTS, **options)
    np.testing.assert_allclose(found, expected([clip(gradient) for gradient in GRADIENTS]), rtol=0, atol=2e-6)


def test_accumulated_gradients_are_averaged():
    pairs = [(GRADIENTS[index] + GRADIENTS[index + 1]) / 2 for index in (0, 2, 4, 6)]
    found = updated(GRADIENTS, gradient_accumulation_steps=2)
    np.testing.assert_allclose(found, expected(pairs), rtol=0, atol=2e-6)


def test_averaged_weights():
    optimizer, variable = built(use_ema=True, ema_momentum=0.5)
    for gradient in GRADIENTS[:3]:
        optimizer.apply([tf.constant(gradient)], [variable])
    first, second, third = (expected(GRADIENTS[:count]) for count in (1, 2, 3))
    np.testing.assert_allclose(variable.numpy(), third, rtol=0, atol=2e-6)
    optimizer.finalize_variable_values([variable])
    np.testing.assert_allclose(variable.numpy(), first / 4 + second / 4 + third / 2, rtol=0, atol=2e-6)


def test_decay_spares_biases_and_norms_also_after_a_reload():
    for optimizer in (BertAdamW(0.1, weight_decay=0.5), BertAdamW.from_config(BertAdamW(0.1, 0.5).get_config())):
        names = ("kernel", "bias", "gamma", "beta")
        variables = [keras.Variable(np.ones(3, np.float32), name=name) for name in names]
        optimizer.build(variables)
        optimizer.apply([tf.zeros(3)] * 4, variables)
        values = {variable.name: variable.numpy()[0] for variable in variables}
        assert values["kernel"] == pytest.approx(1 - 0.1 * 0.5)
        assert values["bias"] == values["gamma"] == values["beta"] == 1


class TestLayerDecay:
    def test_rates_of_a_model(self):
        model = TFBertForSequenceClassification(CONFIG)  # two layers
        rates = layer_rates([weight.path for weight in model.trainable_weights], 0.5)
        by_part = {}
        for weight, rate in zip(model.trainable_weights, rates):
            part = next(p for p in ("embeddings", "layer_0", "layer_1", "pooler", "classifier") if p in weight.path)
            by_part.setdefault(part, set()).add(rate)
        assert by_part == {"embeddings": {0.125}, "layer_0": {0.25}, "layer_1": {0.5}, "pooler": {1}, "classifier": {1}}

    def test_each_layer_moves_and_decays_at_its_rate(self):
        paths = ("embeddings", "layer_0", "layer_1", "classifier")
        variables = []
        for path in paths:
            with keras.name_scope(path):
                variables.append(keras.Variable(np.ones(3, np.float32), name="kernel"))
        optimizer = BertAdamW(RATE, weight_decay=DECAY, layer_decay=0.5)
        optimizer = BertAdamW.from_config(optimizer.get_config())
        optimizer.build(variables)
        optimizer.apply([tf.ones(3)] * 4, variables)
        for variable, rate in zip(variables, (0.125, 0.25, 0.5, 1.0)):
            np.testing.assert_allclose(variable.numpy(), (1 - RATE * rate * DECAY) - RATE * rate, rtol=1e-6)

    @pytest.mark.parametrize("layer_decay", [0, -1.0, 1.1])
    def test_other_numbers_are_refused(self, layer_decay):
        with pytest.raises(ValueError, match="`layer_decay` must lie above 0 and not above 1"):
            BertAdamW(layer_decay=layer_decay)

    def test_a_model_without_layers_is_refused(self):
        with pytest.raises(ValueError, match="neither embeddings nor layers"):
            BertAdamW(layer_decay=0.9).build([keras.Variable(np.ones(3), name="kernel")])


def test_two_half_batches_are_one_batch():
    config = CONFIG.replace(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    ids = np.random.RandomState(0).randint(1, 30, (8, 6))
    labels = np.arange(8) % 3

    def trained(batch_size, steps, run_eagerly):
        keras.utils.set_random_seed(0)
        model = TFBertForSequenceClassification(config)
        model.compile(BertAdamW(1e-3, global_clipnorm=1.0, gradient_accumulation_steps=steps), run_eagerly=run_eagerly)
        model.fit({"input_ids": ids}, labels, batch_size=batch_size, epochs=2, shuffle=False, verbose=0)
        return model

    whole, halves = trained(8, None, True), trained(4, 2, False)
    for ours, theirs in zip(halves.get_weights(), whole.get_weights()):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
    halves.replace_head(num_labels=3)
    assert int(halves.optimizer._iterations) == 4


def test_state_is_saved(tmp_path):
    model = TFBertForSequenceClassification(CONFIG)
    model.compile(BertAdamW(1e-3, layer_decay=0.9, global_clipnorm=1.0), run_eagerly=True)
    model.fit(INPUTS, np.array([0, 1]), verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for ours, theirs in zip(again.optimizer.variables, model.optimizer.variables):
        np.testing.assert_array_equal(ours, theirs)


TWO_DEVICES = """
import numpy as np, tensorflow as tf, keras
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.models.model_table import CONFIG
from tfbert import TFBertForSequenceClassification
from tfbert.training import BertAdamW
config = CONFIG.replace(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
ids, labels = np.random.RandomState(0).randint(1, 30, (8, 6)), np.arange(8) % 3
def trained(strategy, **options):
    with strategy.scope():
        keras.utils.set_random_seed(0)
        model = TFBertForSequenceClassification(config)
        model.compile(BertAdamW(0.01, layer_decay=0.8, **options))
    model.fit({"input_ids": ids}, labels, batch_size=8, epochs=3, shuffle=False, verbose=0)
    return np.concatenate([weights.ravel() for weights in model.get_weights()])
two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for options in ({"global_clipnorm": 0.1}, {"clipnorm": 0.05, "use_ema": True}):
    found, expected = trained(two, **options), trained(tf.distribute.get_strategy(), **options)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)
try:
    trained(two, gradient_accumulation_steps=2)
except ValueError as error:
    assert "on one device only" in str(error), error
else:
    raise SystemExit("not refused")
"""


@pytest.mark.exhaustive
def test_two_devices_clip_and_step_as_one():
    command = [sys.executable, "-c", TWO_DEVICES]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("scaled", [False, True])
def test_what_a_user_spared_from_decay_is_spared_after_parts_were_frozen(tiny_folder, scaled):
    model = TFBertForSequenceClassification.from_pretrained(tiny_folder("classifier_single_label"))
    optimizer = keras.optimizers.SGD(0.1, weight_decay=0.5)
    gammas = [variable for variable in model.trainable_variables if variable.name == "gamma"]
    optimizer.exclude_from_weight_decay(var_list=gammas[-1:], var_names=["kernel"])
    model.compile(keras.optimizers.LossScaleOptimizer(optimizer) if scaled else optimizer)
    model.optimizer.build(model.trainable_variables)
    model.freeze(layers=0)
    before = {id(variable): np.abs(variable).sum() for variable in model.trainable_variables}
    model.optimizer.apply_gradients([(tf.zeros_like(v), v) for v in model.trainable_variables])
    for variable in model.trainable_variables:
        is_spared = "kernel" in variable.name or variable is gammas[-1]
        assert np.abs(variable).sum() == pytest.approx(before[id(variable)] * (1.0 if is_spared else 0.95), rel=1e-4)
