"""What one call leaves behind for the next: schedules, optimizers, heads, traced functions, learned labels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks import TextClassifier
from tfbert.training import BertAdamW, LinearWarmup

TEXTS = ["i love the cat", "i hate the cat", "good dog", "bad dog"] * 2
NAMES = ["good", "bad"] * 4


def kernel(classifier):
    return classifier.model.classifier.dense.kernel.numpy()


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_each_fit_without_compile_has_a_schedule_of_its_own(fresh_classifier, tmp_path, policy):
    classifier = fresh_classifier(dtype=policy)
    classifier.fit(TEXTS, NAMES, batch_size=2, verbose=0)
    again = [classifier]
    if policy == "float32":
        classifier.save(tmp_path / "model.keras")
        again.append(keras.models.load_model(tmp_path / "model.keras"))
    for trained in again:
        before = kernel(trained)
        trained.fit(TEXTS, NAMES, batch_size=2, epochs=4, verbose=0)  # float16 passes over its first steps
        assert np.abs(kernel(trained) - before).max() > 0


def test_evaluating_first_does_not_choose_the_optimizer(fresh_classifier):
    classifier = fresh_classifier(id2label={0: "bad", 1: "good"})
    classifier.run_eagerly = True
    classifier.evaluate(TEXTS, NAMES, verbose=0)
    classifier.fit(TEXTS, NAMES, verbose=0)
    assert isinstance(classifier.optimizer, BertAdamW)
    assert isinstance(classifier.optimizer._learning_rate, LinearWarmup)


def test_a_users_optimizer_is_kept(fresh_classifier):
    classifier = fresh_classifier()
    optimizer = keras.optimizers.SGD(0.01)
    classifier.compile(optimizer, run_eagerly=True)
    classifier.fit(TEXTS, NAMES, verbose=0)
    classifier.fit(TEXTS, NAMES, verbose=0)
    assert classifier.optimizer is optimizer


def test_predicting_first_does_not_keep_the_old_head(fresh_classifier):
    classifier = fresh_classifier()
    classifier.compile(keras.optimizers.Adam(1e-2))
    classifier.predict(TEXTS, verbose=0)
    classifier.fit(TEXTS, NAMES, verbose=0)
    called = [label.decode() for label in classifier(TEXTS)["label"].numpy()]
    assert classifier.predict(TEXTS, verbose=0)["label"].tolist() == called


def test_a_head_is_new_until_its_first_step(fresh_classifier):
    classifier = fresh_classifier()
    classifier.compile("sgd", run_eagerly=True)
    seen = []
    look = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: seen.append(classifier.has_new_head),
        on_epoch_end=lambda epoch, logs: seen.append(classifier.has_new_head),  # where ModelCheckpoint saves it
    )
    classifier.fit(TEXTS, NAMES, callbacks=[look], verbose=0)
    assert seen == [True, False]


def test_numbers_end_the_learning_of_names(fresh_classifier):
    classifier = fresh_classifier()
    classifier.compile("sgd", run_eagerly=True)
    classifier.fit(TEXTS, [0, 1] * 4, verbose=0)
    with pytest.raises(ValueError, match="Unknown label 'good'"):
        classifier.fit(TEXTS, NAMES, verbose=0)


@pytest.mark.filterwarnings("ignore:Skipping variable", "ignore:A total of 1 objects")  # Keras', of an unused optimizer
def test_names_are_learned_by_a_compiled_and_reloaded_model_too(fresh_classifier, tmp_path):
    classifier = fresh_classifier()
    classifier.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    classifier.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    before = kernel(again)
    again.fit(TEXTS, NAMES, verbose=0)
    assert again.config.id2label == {0: "bad", 1: "good"}
    assert kernel(again).shape == before.shape


def test_a_refused_fit_teaches_nothing(fresh_classifier):
    classifier = fresh_classifier()
    classifier.compile("sgd", run_eagerly=True)
    with pytest.raises(ValueError, match="one entry for each text"):
        classifier.fit(TEXTS, ["a", "b"], verbose=0)
    assert classifier.config.has_default_labels
    classifier.fit(TEXTS, NAMES, verbose=0)
    assert classifier.config.id2label == {0: "bad", 1: "good"}


def test_a_number_of_labels_that_was_asked_for_is_kept(fresh_classifier):
    with pytest.raises(ValueError, match="num_labels=5"):
        fresh_classifier(num_labels=5).fit(TEXTS, NAMES, verbose=0)
    classifier = fresh_classifier(num_labels=2)
    classifier.compile("sgd", run_eagerly=True)
    classifier.fit(TEXTS, NAMES, verbose=0)
    assert classifier.config.num_labels == 2


def test_float16_trains_with_loss_scaling(fresh_classifier):
    classifier = fresh_classifier(dtype="mixed_float16")
    classifier.compile("adam")
    assert isinstance(classifier.optimizer, keras.optimizers.LossScaleOptimizer)
    history = classifier.fit(TEXTS, NAMES, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_pairs_are_remembered_through_a_folder_and_from_datasets(fresh_classifier, tmp_path):
    classifier = fresh_classifier()
    rows = tf.constant([TEXTS, TEXTS[::-1]])
    dataset = tf.data.Dataset.from_tensor_slices((tf.transpose(rows), NAMES))
    classifier.compile("sgd", run_eagerly=True)
    classifier.fit(dataset, batch_size=4, verbose=0)
    assert classifier.served_columns() == ["text", "text_pair"]
    classifier.save_pretrained(tmp_path)
    assert TextClassifier.from_pretrained(tmp_path).served_columns() == ["text", "text_pair"]


def test_ignored_labels_do_not_count_in_accuracy(trained_head):
    classifier = trained_head()
    classifier.compile(metrics=classifier.default_metrics())
    best = classifier.predict(TEXTS, verbose=0)["logits"].argmax(1)
    labels = [int(best[0]), *[-100] * 7]
    assert classifier.evaluate(TEXTS, labels, verbose=0, return_dict=True)["accuracy"] == 1.0


def test_classes_without_a_weight_weigh_one(fresh_classifier):
    losses = []
    for weights in ({"bad": 2.0}, {"bad": 2.0, "good": 1.0}):
        keras.utils.set_random_seed(3)
        classifier = fresh_classifier(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        classifier.compile("sgd", run_eagerly=True)
        losses.append(classifier.fit(TEXTS, NAMES, class_weight=weights, shuffle=False, verbose=0).history["loss"])
    assert losses[0] == pytest.approx(losses[1])


def test_weights_of_numbers_that_may_be_names_are_refused(fresh_classifier):
    classifier = fresh_classifier(id2label={0: "1", 1: "2"})
    classifier.compile("sgd", run_eagerly=True)
    with pytest.raises(ValueError, match="`class_weight` holds numbers"):
        classifier.fit(TEXTS, ["1", "2"] * 4, class_weight={1: 2.0}, verbose=0)
    classifier.fit(TEXTS, ["1", "2"] * 4, class_weight={"1": 2.0}, verbose=0)


def test_class_weights_of_a_regression_are_refused(trained_head):
    classifier = trained_head("regression")
    classifier.compile("sgd")
    with pytest.raises(ValueError, match="sample_weight"):
        classifier.fit(TEXTS, [0.5] * 8, class_weight={0: 2.0}, verbose=0)


@pytest.mark.parametrize("empty", [tf.constant([], tf.string), tf.data.Dataset.from_tensor_slices(["a"]).take(0)])
def test_no_texts_have_no_answers(trained_head, empty):
    answer = trained_head().predict(empty, verbose=0)
    assert answer["label"].shape == (0,)
    assert answer["scores"].shape == (0, 3)


def test_a_twin_knows_what_another_ones_training_decided(fresh_classifier, tmp_path):
    classifier = fresh_classifier()
    twin = classifier.with_options(top_k=1)
    twin.default_learning_rate = 0.5
    classifier.fit({"text": TEXTS, "text_pair": TEXTS}, NAMES, verbose=0)
    before = kernel(classifier)
    assert (twin.has_new_head, twin.learns_labels, twin.served_columns()) == (False, False, ["text", "text_pair"])
    twin.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    twin.fit(TEXTS, NAMES, verbose=0)  # goes on from the head that is trained
    np.testing.assert_array_equal(kernel(classifier), before)
    with pytest.raises(ValueError, match="Unknown label 'x'"):
        twin.fit(TEXTS, ["x", "y"] * 4, verbose=0)
    assert twin.with_options(top_k=2).default_learning_rate == 0.5


def test_options_that_are_set_later_count(fresh_classifier):
    classifier = fresh_classifier(num_labels=3)
    assert classifier.predict(TEXTS, verbose=0)["labels"].shape == (8, 3)
    classifier.top_k = 2
    assert classifier.predict(TEXTS, verbose=0)["labels"].shape == (8, 2)


def test_steps_are_those_of_the_first_rows(fresh_classifier):
    classifier = fresh_classifier(num_labels=2)
    texts = ["the cat sat on the mat today", "good", "bad"]
    first = classifier.predict(texts, batch_size=1, steps=2, verbose=0)["score"]
    np.testing.assert_allclose(first, classifier.predict(texts, verbose=0)["score"][:2], atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.predict(TEXTS, batch_size=0), "`batch_size` must be"),
        (lambda c: c.fit(TEXTS, NAMES, batch_size=-1), "`batch_size` must be"),
        (lambda c: c.evaluate(TEXTS, NAMES, batch_size=2.5), "`batch_size` must be"),
        (lambda c: c.predict(TEXTS, steps=-1), "`steps` must be"),
        (lambda c: c.fit(TEXTS, NAMES, sample_weight=[]), "`sample_weight` must have one entry"),
        (lambda c: c.fit(TEXTS, NAMES, sample_weight=2.0), "`sample_weight` must hold one finite number"),
        (lambda c: c.fit(TEXTS, NAMES, sample_weight=np.ones((8, 2))), r"\[N\]. Received: shape \(8, 2\)"),
        (lambda c: c.fit(TEXTS, NAMES, sample_weight=[np.nan] * 8), "not finite"),
    ],
)
def test_wrong_sizes_and_weights_are_named(fresh_classifier, call, message):
    with pytest.raises(ValueError, match=message):
        call(fresh_classifier())


def test_weights_of_classes_pass_over_labels_that_do_not_count(fresh_classifier):
    losses = []
    for labels, weights in (([0, 1, -100, -100], {0: 2.0}), ([0, 1], {0: 2.0}), ([0, 1], None)):
        classifier = fresh_classifier(num_labels=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        classifier.model.classifier.dense.kernel.assign(np.linspace(-1, 1, 64).reshape(32, 2))
        classifier.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        fitted = classifier.fit(TEXTS[: len(labels)], labels, class_weight=weights, shuffle=False, verbose=0)
        losses.append(fitted.history["loss"][0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert losses[1] > losses[2]
