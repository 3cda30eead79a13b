import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert import TFBertForSequenceClassification
from tfbert.training.losses.loss_of_logits import loss_of_logits

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]], np.float32)
CLASSES, ONE_HOT = np.array([1, 1]), np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]], np.float32)


@pytest.mark.parametrize(
    ("loss", "labels", "probabilities"),
    [
        ("sparse_categorical_crossentropy", CLASSES, tf.nn.softmax),
        ("SparseCategoricalCrossentropy", CLASSES, tf.nn.softmax),
        ("categorical_crossentropy", ONE_HOT, tf.nn.softmax),
        ("categorical_focal_crossentropy", ONE_HOT, tf.nn.softmax),
        ("binary_crossentropy", ONE_HOT, tf.sigmoid),
        ("bce", ONE_HOT, tf.sigmoid),
        ("binary_focal_crossentropy", ONE_HOT, tf.sigmoid),
        (keras.losses.binary_crossentropy, ONE_HOT, tf.sigmoid),
    ],
)
def test_names_stand_for_losses_that_read_logits(loss, labels, probabilities):
    named = keras.losses.get(loss)
    expected = np.mean(named(labels, probabilities(LOGITS)))
    np.testing.assert_allclose(loss_of_logits(loss)(labels, LOGITS), expected, rtol=1e-4)


def test_labels_that_do_not_count_do_not_in_the_loss_by_name():
    loss = loss_of_logits("sparse_categorical_crossentropy")
    assert float(loss(np.array([1, -100]), LOGITS)) == pytest.approx(float(loss(CLASSES[:1], LOGITS[:1])))


def test_what_reads_logits_stays():
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    for given in (None, "mse", "hinge", loss, keras.losses.mean_squared_error):
        assert loss_of_logits(given) is given
    assert loss_of_logits({"a": loss, "b": "mse"}) == {"a": loss, "b": "mse"}


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            keras.losses.SparseCategoricalCrossentropy(),
            r"SparseCategoricalCrossentropy\(from_logits=False\) reads prob",
        ),
        (keras.losses.BinaryCrossentropy(), r"write compile\(loss=keras.losses.BinaryCrossentropy\(from_logits=True\)"),
        ({"logits": keras.losses.CategoricalCrossentropy()}, r"CategoricalCrossentropy\(from_logits=False\)"),
        ("kl_divergence", "'kl_divergence' reads probabilities. Leave `loss` out"),
        (keras.losses.Dice(), r"Dice\(\) reads probabilities"),
        ("crossentropy", "must say which cross-entropy"),
        ("no_loss", "Could not interpret loss"),
    ],
)
def test_what_reads_probabilities_is_refused(loss, message):
    with pytest.raises(ValueError, match=message):
        loss_of_logits(loss)


def test_models_compile_with_names_and_archives_keep_that(tiny_folder, tmp_path):
    model = TFBertForSequenceClassification.from_pretrained(tiny_folder("classifier_single_label"))
    ids, labels = np.arange(2, 18).reshape(4, 4), np.array([0, 1, 2, 1])
    model.compile(keras.optimizers.Adam(1e-3), run_eagerly=True)
    own = model.evaluate(ids, labels, verbose=0)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", run_eagerly=True)
    assert model.evaluate(ids, labels, verbose=0) == pytest.approx(own)
    model.fit(ids, labels, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.loss.from_logits
    assert int(again.optimizer.iterations) == 1
    with pytest.raises(ValueError, match="reads probabilities"):
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy())
