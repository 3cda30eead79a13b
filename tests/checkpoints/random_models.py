"""Tiny models with weights that all differ, and how two are compared."""

import numpy as np

import tfbert
from tfbert import BertConfig, TFBertForPreTraining

MODELS = [name for name in tfbert.__all__ if name.startswith("TFBert") and not name.endswith("Tokenizer")]
CONFIG = BertConfig(
    vocab_size=30,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    max_position_embeddings=12,
    num_labels=3,
)


def random_model(model_class=TFBertForPreTraining, seed=0, **fields):
    """A model all of whose weights differ."""
    model = model_class(CONFIG.replace(**fields))
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    return model


def assert_equal(model, other):
    """The same weights, bit for bit."""
    assert [weight.path for weight in model.weights] == [weight.path for weight in other.weights]
    for weight, again in zip(model.weights, other.weights):
        np.testing.assert_array_equal(weight.numpy(), again.numpy(), err_msg=weight.path)
