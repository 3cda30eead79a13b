import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks import TextClassifier
from tfbert.training import BertAdamW


def fast(classifier, run_eagerly=True):
    """Compile for a few quick steps; tracing a graph takes longer than they do."""
    classifier.compile(BertAdamW(3e-3), metrics=["accuracy"], run_eagerly=run_eagerly)
    return classifier


@pytest.mark.slow
def test_it_learns_from_strings_and_answers_with_their_labels(fresh_classifier, reviews):
    texts, labels = reviews
    classifier = fast(fresh_classifier(hidden_dropout_prob=0.0), run_eagerly=False)
    assert classifier.config.id2label == {0: "LABEL_0", 1: "LABEL_1"}
    history = classifier.fit(texts, labels, epochs=8, batch_size=8, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert classifier.config.id2label == {0: "bad", 1: "good"}
    assert classifier.predict(texts, verbose=0)["label"].tolist() == labels
    assert classifier.evaluate(texts, labels, verbose=0, return_dict=True)["accuracy"] == 1.0


def test_more_than_two_labels_make_a_larger_head(fresh_classifier):
    classifier = fast(fresh_classifier())
    classifier.fit(["the cat", "a dog", "sad"], ["cat", "dog", "mood"], verbose=0)
    assert classifier.predict(["the cat"], verbose=0)["scores"].shape == (1, 3)
    paths = [weight.path for weight in classifier.weights]
    assert len(paths) == len(set(paths)), "the replaced head is still there"


def test_answer_has_the_documented_keys(trained_head):
    answer = trained_head().predict(["the cat", "a dog"], verbose=0)
    assert {name: values.shape for name, values in answer.items()} == {
        "label": (2,),
        "score": (2,),
        "labels": (2, 3),
        "scores": (2, 3),
        "logits": (2, 3),
    }
    np.testing.assert_allclose(answer["scores"].sum(1), 1, rtol=1e-6)
    assert (np.diff(answer["scores"]) <= 0).all()
    best = answer["logits"].argmax(1)
    assert answer["label"].tolist() == [f"LABEL_{index}" for index in best]
    assert isinstance(answer["label"][0], str)


def test_fit_without_compile_uses_sensible_defaults(fresh_classifier, reviews):
    texts, labels = reviews
    classifier = fresh_classifier()
    classifier.fit(texts, labels, epochs=2, batch_size=8, verbose=0)
    assert isinstance(classifier.optimizer, BertAdamW)
    assert classifier.optimizer.learning_rate.numpy() == pytest.approx(0, abs=1e-9)  # the schedule has run out


def test_validation_callbacks_and_progress(fresh_classifier, reviews, capsys, tmp_path):
    texts, labels = reviews
    classifier = fast(fresh_classifier())
    seen = []
    history = classifier.fit(
        texts,
        labels,
        batch_size=8,
        epochs=3,
        validation_data=(texts[:8], labels[:8]),
        callbacks=[
            keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(sorted(logs))),
            keras.callbacks.ModelCheckpoint(str(tmp_path / "best.keras"), monitor="val_loss"),
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=5),
        ],
        verbose=1,
    )
    assert seen == [["accuracy", "loss", "texts/s", "tokens/s", "val_accuracy", "val_loss"]] * 3
    assert len(history.history["val_loss"]) == 3
    assert "5/5" in capsys.readouterr().out
    best = keras.models.load_model(tmp_path / "best.keras")
    np.testing.assert_allclose(
        best.predict(texts[:2], verbose=0)["logits"], classifier.predict(texts[:2], verbose=0)["logits"], atol=1e-6
    )


def test_validation_split_holds_out_the_last_rows(fresh_classifier, reviews):
    texts, labels = reviews
    histories = []
    for options in (
        {"x": texts, "y": labels, "validation_split": 0.2},
        {"x": texts[:32], "y": labels[:32], "validation_data": (texts[32:], labels[32:])},
    ):
        keras.utils.set_random_seed(3)
        histories.append(fast(fresh_classifier()).fit(**options, batch_size=8, verbose=0).history)
    assert set(histories[0]) == {"loss", "accuracy", "val_loss", "val_accuracy", "texts/s", "tokens/s"}
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert histories[0][name] == pytest.approx(histories[1][name], rel=1e-4)


def test_labels_are_learned_from_all_rows_before_the_split(fresh_classifier):
    classifier = fast(fresh_classifier())
    classifier.fit(["cat", "dog", "cat", "sad"], ["a", "b", "a", "c"], validation_split=0.25, verbose=0)
    assert classifier.config.label2id == {"a": 0, "b": 1, "c": 2}


def test_evaluate_learns_no_labels(fresh_classifier):
    classifier = fresh_classifier()
    with pytest.raises(ValueError, match="Unknown label 'good' at row 0; the model has 'LABEL_0', 'LABEL_1'"):
        classifier.evaluate(["cat", "dog"], ["good", "bad"], verbose=0)


@pytest.mark.slow
def test_weights_of_classes_and_samples_reach_the_loss(fresh_classifier, reviews):
    texts, labels = reviews[0][:4], reviews[1][:4]

    def loss(**options):
        keras.utils.set_random_seed(3)
        classifier = fresh_classifier(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        classifier.compile("sgd", run_eagerly=True)
        return classifier.fit(texts, labels, verbose=0, **options).history["loss"][0]

    plain = loss()
    assert loss(sample_weight=[2.0] * 4) == pytest.approx(2 * plain, rel=1e-4)
    assert loss(class_weight={"good": 3.0, "bad": 3.0}) == pytest.approx(3 * plain, rel=1e-4)
    good_only = loss(class_weight={"good": 1.0, "bad": 0.0})
    assert loss(sample_weight=np.array([1.0, 0, 1, 0])) == pytest.approx(good_only, rel=1e-4)


@pytest.mark.slow
def test_datasets_train_with_names_or_numbers(fresh_classifier, reviews):
    texts, labels = reviews
    numbers = [int(label == "good") for label in labels]
    by_names, by_numbers = (tf.data.Dataset.from_tensor_slices((texts, given)).batch(8) for given in (labels, numbers))
    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    classifier = fast(fresh_classifier(**quiet), run_eagerly=False)
    classifier.fit(by_names, validation_data=by_names, epochs=8, verbose=0)
    for dataset in (by_names, by_numbers):
        assert classifier.evaluate(dataset, verbose=0, return_dict=True)["accuracy"] == 1.0
    classifier = fast(fresh_classifier(**quiet))
    history = classifier.fit(by_numbers, validation_data=by_numbers, epochs=4, verbose=0).history
    assert classifier.config.has_default_labels
    assert history["val_loss"][-1] < 0.8 * history["val_loss"][0]
    assert history["val_accuracy"][-1] > 0.9
    weighted = tf.data.Dataset.from_tensor_slices((texts, labels, [0.0] * len(texts)))
    classifier = fast(fresh_classifier())
    assert classifier.fit(weighted, batch_size=8, verbose=0).history["loss"] == [0.0]


def test_pairs_train_and_are_remembered(fresh_classifier, tmp_path):
    classifier = fast(fresh_classifier())
    pairs = {"text": ["the cat", "a dog"] * 4, "text_pair": ["a dog", "the cat"] * 4}
    classifier.fit(pairs, ["first", "second"] * 4, epochs=2, verbose=0)
    path = classifier.export(tmp_path / "1")
    inputs = tf.saved_model.load(str(path)).signatures["serving_default"].structured_input_signature[1]
    assert set(inputs) == {"text", "text_pair"}


@pytest.mark.slow
def test_regression_answers_with_numbers(fresh_classifier, trained_head):
    answer = trained_head("regression").predict(["the cat"], verbose=0)
    assert list(answer) == ["score"]
    assert answer["score"].shape == (1,)
    regressor = fresh_classifier(problem_type="regression")
    assert regressor.config.num_labels == 1
    regressor.compile(BertAdamW(3e-3))
    texts, targets = ["good", "bad"] * 8, [1.0, -1.0] * 8
    history = regressor.fit(texts, targets, epochs=15, batch_size=8, verbose=0).history["loss"]
    assert history[-1] < 0.3 * history[0]
    scores = regressor.predict(["good", "bad"], verbose=0)["score"]
    assert scores[0] > 0.4
    assert scores[1] < -0.4


@pytest.mark.slow
def test_several_labels_a_text(fresh_classifier, trained_head):
    answer = trained_head("multi_label").predict(["the cat"], verbose=0)
    np.testing.assert_allclose(np.sort(1 / (1 + np.exp(-answer["logits"])))[:, ::-1], answer["scores"], rtol=1e-5)
    classifier = fresh_classifier(problem_type="multi_label_classification", hidden_dropout_prob=0.0)
    classifier.compile(BertAdamW(3e-3), metrics=classifier.default_metrics())
    texts = ["good cat", "bad cat", "good dog", "dog"] * 4
    names = [["good", "cat"], ["cat"], ["good", "dog"], ["dog"]] * 4
    classifier.fit(texts, names, epochs=40, batch_size=8, verbose=0)
    assert classifier.config.label2id == {"cat": 0, "dog": 1, "good": 2}
    hot = np.array([[1, 0, 1], [1, 0, 0], [0, 1, 1], [0, 1, 0]] * 4)
    by_names = classifier.evaluate(texts, names, verbose=0, return_dict=True)
    assert by_names == classifier.evaluate(texts, hot, verbose=0, return_dict=True)
    assert by_names["accuracy"] > 0.9


def test_metrics_see_logits_of_several_labels(trained_head):
    classifier = trained_head("multi_label")
    classifier.compile(metrics=classifier.default_metrics())
    texts = ["the cat", "a dog"]
    hot = (classifier.predict(texts, verbose=0)["logits"] > 0).astype(int)
    assert classifier.evaluate(texts, hot, verbose=0, return_dict=True)["accuracy"] == 1.0


@pytest.mark.parametrize("form", ["keras", "folder"])
def test_saved_classifier_answers_alike_and_trains_on(fresh_classifier, reviews, tmp_path, form):
    texts, labels = reviews
    classifier = fast(fresh_classifier(max_length=12))
    classifier.fit(texts, labels, batch_size=8, verbose=0)
    expected = classifier.predict(texts, verbose=0)
    if form == "keras":
        classifier.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        steps = int(again.optimizer.iterations)
        assert steps == int(classifier.optimizer.iterations) == 5
    else:
        classifier.save_pretrained(tmp_path / "folder")
        again = fast(TextClassifier.from_pretrained(tmp_path / "folder"))
    found = again.predict(texts, verbose=0)
    np.testing.assert_array_equal(found["logits"], expected["logits"])
    assert found["label"].tolist() == expected["label"].tolist()
    assert again.tokenizer.max_length == 12
    assert again.learns_labels is False
    again.fit(texts, labels, batch_size=8, verbose=0)


def test_a_named_head_keeps_its_labels(trained_head):
    classifier = trained_head(id2label={0: "bad", 1: "so-so", 2: "good"})
    classifier.compile("sgd", run_eagerly=True)
    classifier.fit(["the cat"], ["so-so"], verbose=0)
    assert classifier.config.label2id == {"bad": 0, "so-so": 1, "good": 2}
    with pytest.raises(ValueError, match=r"Unknown label 'great' at row 1; the model has 'bad', 'so-so', 'good'"):
        classifier.fit(["the cat", "a dog"], ["good", "great"], verbose=0)
    dataset = tf.data.Dataset.from_tensor_slices((["the cat"], ["great"])).batch(1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Unknown label"):
        classifier.fit(dataset, verbose=0)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 3], ValueError, r"Unknown label 3 at row 1; the model has 3 classes.*num_labels=4"),
        ([0, -1], ValueError, "Unknown label -1 at row 1"),
        ([0, 1.5], ValueError, "whole class numbers"),
        ([0.0, float("nan")], ValueError, "no label at row 1"),
        (["LABEL_0", 1], TypeError, "strings or numbers, not both"),
        ([[0, 1], [1, 0]], ValueError, "multi_label_classification"),
        ([0], ValueError, r"`y` must have one entry for each text, 2\. Received: 1"),
        ([], ValueError, "`y` is empty"),
        (None, ValueError, "`y` is missing"),
    ],
)
def test_wrong_labels_are_refused(trained_head, labels, error, message):
    classifier = trained_head()
    classifier.compile("sgd")
    with pytest.raises(error, match=message):
        classifier.fit(["the cat", "a dog"], labels, verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_weight": [1.0]}, "`sample_weight` must have one entry"),
        ({"validation_split": 1.5}, "`validation_split`"),
        ({"validation_split": 0.6}, "leaves no rows"),
        ({"class_weight": {"LABEL_9": 2.0}}, "Unknown label 'LABEL_9'"),
    ],
)
def test_wrong_options_are_refused(trained_head, options, message):
    classifier = trained_head()
    classifier.compile("sgd")
    with pytest.raises(ValueError, match=message):
        classifier.fit(["the cat", "a dog"], [0, 1], verbose=0, **options)


def test_one_label_alone_teaches_nothing(fresh_classifier):
    with pytest.raises(ValueError, match="at least two different labels"):
        fresh_classifier().fit(["the cat"], ["good"], verbose=0)


def test_dataset_misuse_is_refused(trained_head):
    classifier = trained_head()
    classifier.compile("sgd")
    texts = tf.data.Dataset.from_tensor_slices(["the cat"])
    with pytest.raises(ValueError, match=r"\(text, label\)"):
        classifier.fit(texts, verbose=0)
    with pytest.raises(ValueError, match="leave out `y`"):
        classifier.fit(texts, [0], verbose=0)


def test_endless_datasets_and_ambiguous_pairs_are_refused(fresh_classifier, trained_head):
    endless = tf.data.Dataset.from_tensor_slices((["the cat"], ["good"])).batch(1).repeat()
    with pytest.raises(ValueError, match="endless"):
        fresh_classifier().fit(endless, steps_per_epoch=1, verbose=0)
    rows = tf.data.Dataset.from_tensor_slices([["the cat", "a dog"]] * 3)
    with pytest.raises(ValueError, match="may mean pairs or batches"):
        trained_head().predict(rows, verbose=0)


def test_padding_beyond_the_position_table_is_refused(trained_head):
    classifier = trained_head()
    tokenizer = type(classifier.tokenizer)(classifier.tokenizer.vocab_list, max_length=48, pad_to_multiple_of=7)
    with pytest.raises(ValueError, match="padded to 49"):
        TextClassifier(classifier.model, tokenizer)


def test_max_length_beyond_the_position_table_is_refused(trained_head):
    with pytest.raises(ValueError, match=r"48 position embeddings. Received: max_length=49"):
        trained_head(max_length=49)


def test_vocabulary_larger_than_the_word_table_is_refused(tiny_folder):
    folder = tiny_folder("classifier_single_label")
    with (folder / "vocab.txt").open("a") as file:
        file.write("".join(f"extra{index}\n" for index in range(20)))
    with pytest.raises(ValueError, match="embeddings for 110"):
        TextClassifier.from_pretrained(folder)


def test_missing_vocabulary_is_refused(tiny_folder):
    folder = tiny_folder("classifier_single_label")
    (folder / "vocab.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"neither tokenizer\.json nor vocab\.txt"):
        TextClassifier.from_pretrained(folder)


def test_long_texts_are_cut_at_max_length(trained_head):
    classifier = trained_head(max_length=6)
    long, cut = "i love the cat " * 100, "i love the cat"
    np.testing.assert_array_equal(
        classifier.predict([long], verbose=0)["logits"], classifier.predict([cut], verbose=0)["logits"]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"return_overflowing_tokens": True}, "return_overflowing_tokens=True"),
        ({"return_offsets": True}, "return_offsets=True"),
        ({"padding": "do_not_pad"}, "must pad rows"),
        ({"return_attention_mask": False}, "must tell tokens from padding"),
    ],
)
def test_a_tokenizer_that_returns_other_rows_than_the_model_takes_is_refused(trained_head, options, message):
    classifier = trained_head()
    tokenizer = type(classifier.tokenizer)(classifier.tokenizer.vocab_list, max_length=48, **options)
    with pytest.raises(ValueError, match=message):
        TextClassifier(classifier.model, tokenizer)


def test_options_of_the_tokenizer_reach_it(tiny_folder):
    folder = tiny_folder("classifier_single_label")
    classifier = TextClassifier.from_pretrained(folder, do_lower_case=False, truncation_side="left", max_length=9)
    tokenizer = classifier.tokenizer
    assert (tokenizer.do_lower_case, tokenizer.truncation_side, tokenizer.max_length) == (False, "left", 9)
    assert "do_lower_case" not in classifier.config.extra
