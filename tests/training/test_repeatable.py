"""The same seed gives the same weights, bit for bit, though several threads work on a step."""

import keras
import numpy as np
import pytest

from tests.training.many_devices import TAGS, WORDS
from tfbert.tasks import TokenClassifier


@pytest.mark.slow
def test_a_training_repeats_bit_for_bit(tiny_folder):
    folder, trained = tiny_folder("model_gelu_l2"), []
    for seed in (5, 5, 6):
        keras.utils.set_random_seed(seed)
        model = TokenClassifier.from_pretrained(folder, hidden_dropout_prob=0.2, id2label={0: "O", 1: "LONG"})
        model.fit(WORDS * 40, TAGS * 40, batch_size=200, epochs=2, verbose=0)  # steps that are cut up for threads
        trained.append(model.get_weights())
    once, again, other = trained
    for mine, same in zip(once, again, strict=True):
        np.testing.assert_array_equal(mine, same)
    assert any((mine != its).any() for mine, its in zip(once, other, strict=True))
