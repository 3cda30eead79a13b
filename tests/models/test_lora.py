"""Low-rank adapters: trained alone, kept in archives, written merged, and folded in without a trace."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.model_table import CONFIG, DECODER, INPUTS
from tfbert import TFBertForSequenceClassification, TFBertLMHeadModel
from tfbert.layers.low_rank_adapter import LowRankAdapter
from tfbert.models.lora import TARGETS
from tfbert.training import BertAdamW

LABELS = np.array([0, 1])


@pytest.fixture
def model():
    return TFBertForSequenceClassification(CONFIG)


def trained(model, **options):
    """The model after two steps, the second of which moves every matrix."""
    model.enable_lora(**{"rank": 2, **options})
    model.compile(BertAdamW(1e-2), run_eagerly=True)
    model.fit(INPUTS, LABELS, epochs=2, verbose=0)
    return model


def logits(model):
    return model(INPUTS).logits.numpy()


def test_only_adapters_pooler_and_head_learn(model):
    outputs, before = logits(model), {weight.path: weight.numpy() for weight in model.weights}
    model.enable_lora(rank=2)
    np.testing.assert_array_equal(logits(model), outputs)  # they begin with no effect
    learning = {weight.path for weight in model.trainable_weights}
    adapters = {f"bert/encoder/layer_{i}/attention/qkv/lora_{part}" for i in (0, 1) for part in "ab"}
    head = {f"{part}/dense/{name}" for part in ("bert/pooler", "classifier") for name in ("kernel", "bias")}
    assert learning == adapters | head
    model.compile(BertAdamW(1e-2), run_eagerly=True)
    model.fit(INPUTS, LABELS, epochs=3, verbose=0)
    for weight in model.weights:
        if weight.path in before:
            assert np.array_equal(before[weight.path], weight.numpy()) == (weight.path not in learning), weight.path
    assert np.abs(logits(model) - outputs).max() > 1e-3


def test_each_target_changes_its_own_columns(model):
    attention = model.bert.encoder.layers[0].attention
    before = attention.qkv.kernel.numpy()
    trained(model, targets=["query", "value"], alpha=4)
    change = np.abs(attention.qkv.kernel.numpy() - before).reshape(16, 3, 16).max(axis=(0, 2))
    assert change[0] > 0
    assert change[1] == 0
    assert change[2] > 0
    adapter = attention.qkv
    columns = [adapter.lora_a.numpy()[:, 2 * i : 2 * i + 2] @ adapter.lora_b.numpy()[i] for i in (0, 1)]
    query, value = (attention.qkv.kernel.numpy() - before)[:, :16], (attention.qkv.kernel.numpy() - before)[:, 32:]
    np.testing.assert_allclose(query, 4 / 2 * columns[0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(value, 4 / 2 * columns[1], rtol=0, atol=1e-6)


@pytest.mark.parametrize("targets", [["query", "value"], TARGETS])
def test_merged_model_is_an_ordinary_one(model, targets, tmp_path):
    paths = [weight.path for weight in model.weights]
    outputs = logits(trained(model, targets=targets))
    model.merge_lora()
    np.testing.assert_allclose(logits(model), outputs, rtol=0, atol=1e-6)
    assert [weight.path for weight in model.trainable_weights] == paths
    assert not any(isinstance(layer, LowRankAdapter) for layer in model._flatten_layers())
    model.fit(INPUTS, LABELS, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(logits(again), logits(model))


@pytest.fixture(scope="module")
def adapted():
    return trained(TFBertForSequenceClassification(CONFIG), rank=3, alpha=6, targets=("key", "intermediate"))


class TestFiles:
    def test_archive_trains_on(self, adapted, tmp_path):
        adapted.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(logits(again), logits(adapted))
        assert again.get_config() == adapted.get_config()
        assert [w.path for w in again.trainable_weights] == [w.path for w in adapted.trainable_weights]
        for ours, theirs in zip(again.optimizer.variables, adapted.optimizer.variables):
            np.testing.assert_array_equal(ours, theirs)

    def test_weights_file(self, adapted, tmp_path):
        adapted.save_weights(tmp_path / "model.weights.h5")
        other = TFBertForSequenceClassification.from_config(adapted.get_config())
        other.load_weights(tmp_path / "model.weights.h5")
        np.testing.assert_array_equal(logits(other), logits(adapted))

    def test_folder_holds_merged_weights(self, adapted, tmp_path):
        adapted.save_pretrained(tmp_path)
        again = TFBertForSequenceClassification.from_pretrained(tmp_path)
        assert again.lora is None
        np.testing.assert_allclose(logits(again), logits(adapted), rtol=0, atol=1e-6)

    def test_archive_as_a_checkpoint_is_merged(self, adapted, tmp_path):
        adapted.save(tmp_path / "model.keras")
        again = TFBertForSequenceClassification.from_pretrained(tmp_path / "model.keras", config=CONFIG)
        np.testing.assert_allclose(logits(again), logits(adapted), rtol=0, atol=1e-6)

    def test_export(self, adapted, tmp_path):
        adapted.export(tmp_path / "exported", verbose=False)
        loaded = tf.saved_model.load(str(tmp_path / "exported"))
        served = loaded.serve({name: tf.constant(array) for name, array in INPUTS.items()})
        np.testing.assert_allclose(served["logits"], logits(adapted), rtol=0, atol=1e-6)
        with pytest.raises(ValueError, match="exported with low-rank adapters"):
            TFBertForSequenceClassification.from_pretrained(tmp_path / "exported", config=CONFIG)


def test_cross_attention_is_adapted_too():
    model = TFBertLMHeadModel(DECODER.replace(add_cross_attention=True))
    model.enable_lora(rank=1, targets=["query", "value"])
    adapters = [weight.path for weight in model.trainable_weights if "layer_0/" in weight.path]
    layers = ("attention/qkv", "crossattention/query", "crossattention/kv")
    assert sorted(adapters) == sorted(f"bert/encoder/layer_0/{name}/lora_{part}" for name in layers for part in "ab")


def in_order(model, first):
    """Freeze the lowest layer and add adapters, one or the other first."""
    calls = {"enable_lora": lambda: model.enable_lora(rank=2), "freeze": lambda: model.freeze(layers=1)}
    for name in sorted(calls, key=lambda name: name != first):
        calls[name]()


@pytest.mark.parametrize("first", ["enable_lora", "freeze"])
def test_frozen_layers_have_idle_adapters(model, first):
    in_order(model, first)
    learning = [weight.path for weight in model.trainable_weights]
    assert not any("layer_0/" in path for path in learning)
    again = TFBertForSequenceClassification.from_config(model.get_config())
    assert [weight.path for weight in again.trainable_weights] == learning  # as the optimizer of an archive has them
    model.unfreeze()
    assert any("layer_0/attention/qkv/lora_a" in weight.path for weight in model.trainable_weights)
    assert not any("embeddings" in weight.path for weight in model.trainable_weights)


@pytest.mark.parametrize("first", ["enable_lora", "freeze"])
def test_after_merging_what_was_frozen_stays_so_and_the_rest_learns(model, first):
    model.bert.encoder.layers[1].trainable = False  # which counts no longer
    in_order(model, first)
    model.merge_lora()
    learning = {weight.path for weight in model.trainable_weights}
    frozen = ("bert/embeddings/", "bert/encoder/layer_0/")
    assert learning == {weight.path for weight in model.weights if not weight.path.startswith(frozen)}
    model.unfreeze()
    assert len(model.trainable_weights) == len(model.weights)


def test_half_precision_and_gradient_checkpointing():
    model = TFBertForSequenceClassification(CONFIG, dtype="mixed_bfloat16")
    model.gradient_checkpointing_enable()
    assert all(weight.dtype == "float32" for weight in trained(model).trainable_weights)
    moved = [w for w in model.trainable_weights if w.name == "lora_b"]
    assert all(np.abs(weight.numpy()).max() > 0 for weight in moved)
    assert len(moved) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rank": 0}, "`rank` must be an integer of at least 1"),
        ({"rank": 2.0}, "`rank` must be an integer of at least 1"),
        ({"alpha": 0}, "`alpha` must be None or a finite number above 0"),
        ({"alpha": float("inf")}, "`alpha` must be None or a finite number above 0"),
        ({"alpha": True}, "`alpha` must be None or a finite number above 0"),
        ({"targets": []}, "`targets` must be a list of some of"),
        ({"targets": "query"}, "`targets` must be a list of some of"),
        ({"targets": ["dense"]}, "`targets` must be a list of some of"),
        ({"targets": [["query"]]}, "`targets` must be a list of some of"),
        ({"targets": None}, "`targets` must be a list of some of"),
    ],
)
def test_wrong_options_are_refused(model, options, message):
    with pytest.raises(ValueError, match=message):
        model.enable_lora(**options)
    assert model.lora is None


def test_calls_out_of_order_are_refused(model):
    with pytest.raises(ValueError, match="no adapters to merge"):
        model.merge_lora()
    model.enable_lora()
    with pytest.raises(ValueError, match=r"has adapters already. Call `model.merge_lora\(\)` first"):
        model.enable_lora()
    with pytest.raises(ValueError, match="cannot be pruned"):
        model.prune_heads({0: [1]})
