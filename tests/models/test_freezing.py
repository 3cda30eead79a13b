"""Frozen parts keep their weights: in models, in tasks that were compiled before, and after a reload."""

import keras
import numpy as np
import pytest

from tests.models.model_table import CONFIG, INPUTS
from tfbert import TFBertForMaskedLM, TFBertForSequenceClassification
from tfbert.training import BertAdamW

LABELS = np.array([0, 1])


@pytest.fixture
def model():
    return TFBertForSequenceClassification(CONFIG)


def compiled(model):
    model.compile(BertAdamW(1e-2), run_eagerly=True)
    return model


def moved(model, train):
    """The parts of the model whose weights a training changes."""
    before = {weight.path: weight.numpy() for weight in model.weights}
    train()
    changed = {weight.path for weight in model.weights if not np.array_equal(before[weight.path], weight.numpy())}
    parts = ("embeddings", "layer_0", "layer_1", "pooler", "classifier")
    return [part for part in parts if any(part in path for path in changed)]


def fit(model):
    return lambda: model.fit(INPUTS, LABELS, verbose=0)


def test_what_is_frozen_stays(model):
    compiled(model)
    assert moved(model, fit(model)) == ["embeddings", "layer_0", "layer_1", "pooler", "classifier"]
    model.freeze()
    assert moved(model, fit(model)) == ["layer_0", "layer_1", "pooler", "classifier"]
    model.freeze(embeddings=False, layers=1)
    assert moved(model, fit(model)) == ["embeddings", "layer_1", "pooler", "classifier"]
    model.freeze(layers=2)
    assert moved(model, fit(model)) == ["pooler", "classifier"]
    model.unfreeze()
    assert moved(model, fit(model)) == ["embeddings", "layer_0", "layer_1", "pooler", "classifier"]
    assert int(model.optimizer.iterations) == 5


def test_archives_stay_frozen(model, tmp_path):
    model.freeze(layers=1)
    fit(compiled(model))()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_config() == model.get_config()
    assert moved(again, fit(again)) == ["layer_1", "pooler", "classifier"]
    assert int(again.optimizer.iterations) == 2


def test_new_parts_are_frozen_as_the_old_ones():
    model = TFBertForMaskedLM(CONFIG)
    model.freeze(layers=1)
    model.resize_token_embeddings(33)
    model.prune_heads({0: [1]})
    paths = {weight.path for weight in model.trainable_weights}
    assert not any("embeddings" in path or "layer_0" in path for path in paths)
    assert any("layer_1" in path for path in paths)


def test_what_a_user_froze_as_keras_does_stays_so(model):
    model.bert.trainable = False
    model.replace_head(num_labels=2)
    assert all(weight.path.startswith("classifier") for weight in model.trainable_weights)


@pytest.mark.parametrize("layers", [-1, 3, 1.0, True])
def test_other_numbers_of_layers_are_refused(model, layers):
    with pytest.raises(ValueError, match="`layers` must be an integer from 0 to 2"):
        model.freeze(layers=layers)


def test_embeddings_are_frozen_or_not(model):
    with pytest.raises(ValueError, match="`embeddings` must be True or False"):
        model.freeze(embeddings=2)
    assert len(model.trainable_weights) == len(model.weights)
