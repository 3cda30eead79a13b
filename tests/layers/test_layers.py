"""One table for every layer with weights: shapes, complete config, precision, archive."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert import layers
from tfbert.layers.token_layout import PaddedLayout

TOKENS = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)
ATTENTION = {"layout": PaddedLayout(2, 3), "attention_bias": tf.zeros([2, 1, 1, 3])}
CROSS = {"encoder_hidden_states": tf.ones([2, 4, 8]), "encoder_bias": tf.zeros([2, 1, 1, 4])}
LAYERS = {
    "embeddings": (
        layers.BertEmbeddings,
        {
            "vocab_size": 9,
            "hidden_size": 8,
            "max_position_embeddings": 7,
            "type_vocab_size": 3,
            "layer_norm_eps": 1e-5,
            "dropout": 0.2,
            "initializer_range": 0.5,
            "position_embedding_type": "relative_key",
            "pad_token_id": 1,
        },
        lambda layer: layer(tf.constant([1, 2]), position_ids=tf.constant([0, 1]), token_type_ids=tf.constant([0, 2])),
        (2, 8),
    ),
    "self_attention": (
        layers.BertSelfAttention,
        {
            "hidden_size": 8,
            "num_heads": 3,
            "head_size": 2,
            "dropout": 0.3,
            "initializer_range": 0.5,
            "position_embedding_type": "relative_key_query",
            "max_position_embeddings": 5,
        },
        lambda layer: layer(tf.constant(TOKENS), **ATTENTION)[0],
        (6, 8),
    ),
    "cross_attention": (
        layers.BertCrossAttention,
        {"hidden_size": 8, "num_heads": 4, "head_size": 2, "dropout": 0.3, "initializer_range": 0.5},
        lambda layer: layer(tf.constant(TOKENS), encoder_hidden_states=tf.ones([2, 3, 8]), **ATTENTION)[0],
        (6, 8),
    ),
    "transformer_layer": (
        layers.BertTransformerLayer,
        {
            "hidden_size": 8,
            "num_heads": 2,
            "intermediate_size": 12,
            "hidden_act": "gelu_new",
            "attention_dropout": 0.3,
            "dropout": 0.2,
            "layer_norm_eps": 1e-5,
            "initializer_range": 0.5,
            "head_size": 4,
            "position_embedding_type": "relative_key",
            "max_position_embeddings": 5,
            "add_cross_attention": True,
        },
        lambda layer: layer(tf.constant(TOKENS), **ATTENTION, **CROSS)[0],
        (6, 8),
    ),
    "encoder": (
        layers.BertEncoder,
        {
            "num_layers": 2,
            "hidden_size": 8,
            "num_heads": 2,
            "intermediate_size": 12,
            "hidden_act": "relu",
            "attention_dropout": 0.3,
            "dropout": 0.2,
            "layer_norm_eps": 1e-5,
            "initializer_range": 0.5,
            "position_embedding_type": "relative_key_query",
            "max_position_embeddings": 5,
            "add_cross_attention": True,
            "pruned_heads": {"1": [0]},
        },
        lambda layer: layer(tf.constant(TOKENS), **ATTENTION, **CROSS)[0],
        (6, 8),
    ),
    "prediction_head_transform": (
        layers.BertPredictionHeadTransform,
        {"hidden_size": 8, "hidden_act": "relu", "layer_norm_eps": 1e-5, "initializer_range": 0.5},
        lambda layer: layer(tf.constant(TOKENS)),
        (6, 8),
    ),
    "lm_prediction_head": (
        layers.BertLMPredictionHead,
        {
            "vocab_size": 9,
            "hidden_size": 8,
            "hidden_act": "relu",
            "layer_norm_eps": 1e-5,
            "initializer_range": 0.1,
            "tied": False,
        },
        lambda layer: layer(tf.constant(TOKENS)),
        (6, 9),
    ),
    "pooler": (
        layers.BertPooler,
        {"hidden_size": 8, "initializer_range": 0.5},
        lambda layer: layer(tf.constant(TOKENS[None])),
        (1, 8),
    ),
    "classification_head": (
        layers.ClassificationHead,
        {"num_labels": 3, "dropout": 0.4, "initializer_range": 0.5},
        lambda layer: layer(tf.constant(TOKENS)),
        (6, 3),
    ),
    "sentence_pooling": (
        layers.SentencePooling,
        {"pooling": "max", "normalize": False},
        lambda layer: layer(tf.constant(TOKENS[None]), attention_mask=tf.constant([[1, 1, 1, 1, 0, 0]])),
        (1, 8),
    ),
}


@pytest.mark.parametrize(("layer_class", "options", "run", "shape"), LAYERS.values(), ids=LAYERS)
class TestEveryLayer:
    def test_table_names_every_argument(self, layer_class, options, run, shape):
        arguments = set(inspect.signature(layer_class).parameters) - {"kwargs", "dtype"}
        assert set(options) == arguments

    def test_config_round_trip(self, layer_class, options, run, shape):
        layer = layer_class(**options, name="mine")
        config = layer.get_config()
        assert {name: config[name] for name in options} == options
        assert layer_class.from_config(config).get_config() == config

    def test_output_and_weights_survive_a_copy(self, layer_class, options, run, shape):
        layer = layer_class(**options)
        output = run(layer)
        assert output.shape == shape
        twin = layer_class.from_config(layer.get_config())
        run(twin)
        twin.set_weights(layer.get_weights())
        np.testing.assert_array_equal(run(twin), output)

    @pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
    def test_mixed_precision_is_near_and_keeps_float32_weights(self, layer_class, options, run, shape, policy):
        layer = layer_class(**options)
        expected = run(layer)
        mixed = layer_class(**options, dtype=policy)
        run(mixed)
        mixed.set_weights(layer.get_weights())
        output = tf.cast(run(mixed), tf.float32)
        assert np.isfinite(output).all()
        np.testing.assert_allclose(output, expected, atol=0.15)
        assert {weight.dtype for weight in mixed.weights} <= {"float32"}


def test_new_weights_differ_from_layer_to_layer():
    encoder = layers.BertEncoder(num_layers=2, hidden_size=8, num_heads=2, intermediate_size=8)
    encoder.build()
    kernels = [weight.numpy() for weight in encoder.weights if weight.path.endswith("kernel")]
    for index, kernel in enumerate(kernels):
        for other in kernels[:index]:
            assert kernel.shape != other.shape or np.abs(kernel - other).max() > 0


def test_dropout_works_in_training_only():
    layer = layers.BertTransformerLayer(hidden_size=8, num_heads=2, intermediate_size=8, dropout=0.5)
    tokens = tf.constant(TOKENS)
    quiet = layer(tokens, **ATTENTION)[0]
    np.testing.assert_array_equal(layer(tokens, **ATTENTION, training=False)[0], quiet)
    assert np.abs(layer(tokens, **ATTENTION, training=True)[0] - quiet).max() > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.BertSelfAttention(hidden_size=9, num_heads=2), "multiple of `num_heads`"),
        (lambda: layers.BertTransformerLayer(8, 2, 8, hidden_act="gelo"), "`hidden_act` must be a function or one of"),
        (lambda: layers.SentencePooling("median"), "`pooling` must be one of"),
    ],
)
def test_wrong_arguments_are_refused_at_construction(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_gradient_of_a_repeated_id_is_its_sum():
    from tfbert.layers.embeddings import gather_with_dense_gradient

    table, ids = tf.Variable(tf.random.normal([5, 3])), tf.constant([1, 3, 1, 1])
    weights = tf.random.normal([4, 3])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(gather_with_dense_gradient(tf.convert_to_tensor(table), ids) * weights)
    gradient = tape.gradient(loss, table)
    assert isinstance(gradient, tf.Tensor)
    expected = np.zeros((5, 3), np.float32)
    np.add.at(expected, ids.numpy(), weights.numpy())
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


@pytest.mark.parametrize("pad_token_id", [None, 1])
def test_the_vector_of_padding_is_not_trained(pad_token_id):
    layer = layers.BertEmbeddings(
        9, 8, max_position_embeddings=4, type_vocab_size=2, dropout=0.0, pad_token_id=pad_token_id
    )
    ids = tf.constant([1, 2, 1])
    with tf.GradientTape() as tape:
        output = layer(ids, position_ids=tf.range(3), token_type_ids=tf.zeros_like(ids), training=True)
        loss = tf.reduce_sum(output * tf.random.normal([3, 8]))
    rows = np.abs(tape.gradient(loss, layer.word_embeddings.value)).sum(axis=1) > 0
    assert rows.tolist() == [False, pad_token_id is None, True] + [False] * 6


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
def test_pooling_sees_real_tokens_only(pooling):
    states = np.random.default_rng(1).normal(size=(2, 4, 8)).astype(np.float32)
    mask = np.array([[1, 1, 1, 0], [1, 0, 0, 0]])
    pooled = layers.SentencePooling(pooling, normalize=False)(states, attention_mask=mask)
    for row, count in enumerate([3, 1]):
        real = states[row, :count]
        expected = {"mean": real.mean(0), "cls": real[0], "max": real.max(0)}[pooling]
        np.testing.assert_allclose(pooled[row], expected, rtol=1e-6)
    unit = layers.SentencePooling(pooling)(states, attention_mask=mask)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-6)


def test_dropout_with_a_seed_repeats_itself_and_without_one_does_not():
    dropout, x = layers.ReplayableDropout(0.5), tf.ones([4, 50])
    seed = dropout.draw_seed()
    first = dropout(x, training=True, seed=seed)
    np.testing.assert_array_equal(dropout(x, training=True, seed=seed), first)
    assert set(np.unique(first)) == {0.0, 2.0}
    for other in (dropout(x, training=True), dropout(x, training=True, seed=dropout.draw_seed())):
        assert np.abs(other - first).max() > 0
    np.testing.assert_array_equal(dropout(x, seed=seed), x)
    np.testing.assert_array_equal(layers.ReplayableDropout(0.0)(x, training=True, seed=seed), x)


def test_every_public_layer_is_in_the_table():
    covered = {entry[0].__name__ for entry in LAYERS.values()} | {"FastBertTokenizer", "ReplayableDropout"}
    public = {name for name in layers.__all__ if isinstance(getattr(layers, name), type)}
    assert public == covered
    assert all(issubclass(getattr(layers, name), keras.layers.Layer) for name in public)
