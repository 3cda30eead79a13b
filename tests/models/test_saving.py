"""`.keras` archives, clones and precision policies of every model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert import BertConfig, TFBertForSequenceClassification, TFBertModel

CONFIG = BertConfig(
    vocab_size=30,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=24,
    max_position_embeddings=12,
    id2label={0: "no", 1: "yes", 2: "maybe"},
    extra={"note": [1, {"a": None}]},
)
IDS = np.array([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0]])
MODELS = {
    "bare": (TFBertModel, {}),
    "bare without pooler": (TFBertModel, {"add_pooling_layer": False}),
    "bare padded": (TFBertModel, {"execution": "padded"}),
    "bare bfloat16": (TFBertModel, {"dtype": "mixed_bfloat16"}),
    "classifier": (TFBertForSequenceClassification, {}),
    "classifier float16": (TFBertForSequenceClassification, {"dtype": "mixed_float16"}),
    "classifier bfloat16": (TFBertForSequenceClassification, {"dtype": "bfloat16"}),
}


def first(output):
    return np.asarray(tf.cast(output[0], tf.float32))


@pytest.mark.parametrize(("model_class", "options"), MODELS.values(), ids=MODELS)
class TestEveryModel:
    def test_archive(self, model_class, options, tmp_path):
        model = model_class(CONFIG, name="mine", **options)
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        assert type(again) is model_class
        assert again.get_config() == model.get_config()
        assert again.config == CONFIG
        np.testing.assert_array_equal(first(again(IDS, MASK)), first(model(IDS, MASK)))

    def test_weights_file(self, model_class, options, tmp_path):
        model, other = model_class(CONFIG, **options), model_class(CONFIG, **options)
        assert np.abs(first(model(IDS, MASK)) - first(other(IDS, MASK))).max() > 0
        model.save_weights(tmp_path / "model.weights.h5")
        other.load_weights(tmp_path / "model.weights.h5")
        np.testing.assert_array_equal(first(other(IDS, MASK)), first(model(IDS, MASK)))

    def test_clone(self, model_class, options):
        model = model_class(CONFIG, **options)
        clone = model_class.from_config(model.get_config())
        clone.set_weights(model.get_weights())
        np.testing.assert_array_equal(first(clone(IDS, MASK)), first(model(IDS, MASK)))


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_global_policy_trains_with_float32_loss(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = TFBertForSequenceClassification(CONFIG)
        model.compile(keras.optimizers.Adam(1e-2), metrics=["accuracy"])
        history = model.fit({"input_ids": IDS, "attention_mask": MASK}, np.array([0, 2]), epochs=4, verbose=0).history
    finally:
        keras.config.set_dtype_policy(before)
    assert model.bert.compute_dtype == policy.removeprefix("mixed_")
    assert model(IDS).logits.dtype == tf.float32
    assert np.isfinite(history["loss"]).all()
    assert history["loss"][-1] < history["loss"][0]


def test_replaced_head_is_gone_from_weights_and_archives(tmp_path):
    model = TFBertForSequenceClassification(CONFIG)
    count = len(model.weights)
    model.replace_head(num_labels=5)
    assert len(model.weights) == count
    assert model(IDS).logits.shape == (2, 5)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(first(again(IDS)), first(model(IDS)))
