"""What `evaluate` reports of each task where nobody said what it should."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import f1_score

from tfbert.tasks import MaskFiller, QuestionAnswerer, TokenClassifier
from tfbert.tasks.labels.right_texts import with_right_texts
from tfbert.training.metrics import Accuracy, SquadScores

TEXTS = ["i love the cat", "an awful movie", "a good dog", "you hate the bad phone", "very happy today", "the mat"]


def evaluated(task, x, y=None, **options):
    """The task's own metrics, in eager steps of uneven size."""
    task.compile(metrics=task.default_metrics(), run_eagerly=True)
    return task.evaluate(x, y, batch_size=4, verbose=0, return_dict=True, **options)


def test_one_label_a_text(trained_head):
    task = trained_head("single_label")
    names = list(task.config.label2id)
    labels = [names[row % len(names)] for row in range(len(TEXTS))]
    result = evaluated(task, TEXTS, labels)
    found = task.predict(TEXTS, verbose=0)["label"]
    assert set(result) == {"loss", "accuracy", "f1"}
    assert result["accuracy"] == pytest.approx(np.mean(found == labels))
    assert result["f1"] == pytest.approx(f1_score(labels, list(found), average="macro"), rel=1e-5)


def test_several_labels_a_text(trained_head):
    task = trained_head("multi_label")
    labels = np.random.default_rng(0).integers(0, 2, (len(TEXTS), task.config.num_labels))
    result = evaluated(task, TEXTS, labels)
    found = task.predict(TEXTS, verbose=0)["logits"] > 0
    assert set(result) == {"loss", "accuracy", "f1"}
    assert result["accuracy"] == pytest.approx(np.mean(found == labels))
    assert result["f1"] == pytest.approx(f1_score(labels, found, average="micro"), rel=1e-5)


def test_numbers(trained_head):
    task = trained_head("regression")
    labels = np.linspace(-1, 1, len(TEXTS))
    result = evaluated(task, TEXTS, labels)
    found = task.predict(TEXTS, verbose=0)["score"]
    assert set(result) == {"loss", "mean_absolute_error", "pearson", "spearman"}
    assert result["mean_absolute_error"] == pytest.approx(np.abs(found - labels).mean(), rel=1e-4)
    assert result["pearson"] == pytest.approx(pearsonr(labels, found)[0], abs=1e-4)
    assert result["spearman"] == pytest.approx(spearmanr(labels, found)[0], abs=1e-5)


def test_similarities_of_pairs(embedder):
    pairs, labels = {"text": TEXTS, "text_pair": TEXTS[1:] + TEXTS[:1]}, [0.1, 0.2, 0.5, 0.3, 0.0, 0.9]
    result = evaluated(embedder, pairs, labels)
    found = embedder.similarity_pairwise(pairs["text"], pairs["text_pair"])
    assert set(result) == {"loss", "pearson", "spearman"}
    assert result["pearson"] == pytest.approx(pearsonr(labels, found)[0], abs=1e-4)
    assert result["spearman"] == pytest.approx(spearmanr(labels, found)[0], abs=1e-5)


def test_entities_where_labels_make_some(tiny_folder):
    words, tags = [["the", "cat"], ["a", "good", "dog"]], [["O", "B-PET"], ["O", "B-PET", "I-PET"]]
    folder = tiny_folder("model_gelu_l2")
    task = TokenClassifier.from_pretrained(folder, id2label={0: "O", 1: "B-PET", 2: "I-PET"})
    assert set(evaluated(task, words, tags)) == {"loss", "accuracy", "f1"}
    bias = task.model.classifier.dense.bias
    bias.assign([-50.0, 50.0, -50.0])  # five entities are found, one of two is right
    assert evaluated(task, words, tags)["f1"] == pytest.approx(2 * 1 / (5 + 2))
    of_speech = TokenClassifier.from_pretrained(folder, id2label={0: "NOUN", 1: "VERB"})
    assert [metric.name for metric in of_speech.default_metrics()] == ["accuracy"]


def test_hidden_pieces(tiny_folder):
    task = MaskFiller.from_pretrained(tiny_folder("model_gelu_l2"))
    result = evaluated(task, ["i [MASK] the cat", "an awful [MASK]"], ["i love the cat", "an awful movie"])
    assert set(result) == {"loss", "accuracy", "perplexity"}
    assert result["perplexity"] == pytest.approx(np.exp(result["loss"]), rel=1e-4)  # one mask a row in one batch


@pytest.fixture(scope="module")
def questions(module_folder):
    """A task in windows of 16 tokens; questions, and two right answers for each."""
    keras.utils.set_random_seed(0)
    task = QuestionAnswerer.from_pretrained(module_folder("model_gelu_l2"), max_seq_len=16, doc_stride=4)
    contexts = ["the cat sat on the mat", "i love the movie today", "Café déjà vu : dog !", "you hate an awful dog"]
    right = [["cat", "the CAT sat"], ["movie", "the movie"], ["dog", "vu"], []]
    answers = [
        {"answer_start": [context.index(text.lower()) for text in texts], "text": texts}
        for context, texts in zip(contexts, right)
    ]
    task.compile(run_eagerly=True)
    return task, {"question": ["who ?"] * 4, "context": contexts}, answers


def given(x, y, first, form):
    """The rows in a form that `evaluate` takes; `first` has one answer each."""
    if form == "generator":
        halves = ({name: texts[part] for name, texts in x.items()} for part in (slice(0, 2), slice(2, 4)))
        return iter(list(zip(halves, (y[:2], y[2:])))), None
    if form == "dataset":
        return tf.data.Dataset.from_tensor_slices((x, first)), None
    return x, y


@pytest.mark.slow
def test_answers_in_words_in_every_form_of_the_labels(questions):
    task, x, y = questions
    first = {"answer_start": [answer["answer_start"][0] if answer["text"] else 0 for answer in y]}
    first["text"] = [answer["text"][0] if answer["text"] else "" for answer in y]
    found = task.predict(x, verbose=0)["answer"][:, 0]
    scores = SquadScores()
    scores.update_state([answer["text"] for answer in y], found)
    results = {
        form: task.evaluate(*given(x, y, first, form), batch_size=2, verbose=0, return_dict=True)
        for form in ("rows", "generator")
    }
    assert set(results["rows"]) == {"loss", "exact_match", "f1"}
    for name, share in scores.result().items():
        assert 0 < float(share) < 1
        assert results["rows"][name] == pytest.approx(float(share))
    assert results["generator"] == pytest.approx(results["rows"], rel=1e-5)
    of_first = task.evaluate(*given(x, y, first, "dataset"), batch_size=2, verbose=0, return_dict=True)
    assert of_first == pytest.approx(task.evaluate(x, first, batch_size=2, verbose=0, return_dict=True), rel=1e-5)
    assert of_first["f1"] < results["rows"]["f1"]
    as_list = task.evaluate(x, y, batch_size=4, steps=1, verbose=0)
    assert as_list == pytest.approx([results["rows"][name] for name in ("loss", "exact_match", "f1")], rel=0.1)
    columns = {"text": [answer["text"] for answer in y]}
    assert with_right_texts({}, columns)["right_texts"].tolist() == with_right_texts({}, y)["right_texts"].tolist()
    ids = task.evaluation_dataset(x, y).map(lambda *batch: batch)
    assert task.evaluate(ids, verbose=0, return_dict=True).keys() == {"loss"}


def test_answers_of_validation_data_too(questions):
    task, x, y = questions
    task.compile("sgd", run_eagerly=True)
    history = task.fit(x, y, validation_split=0.5, batch_size=2, verbose=0).history
    held_out = {name: texts[2:] for name, texts in x.items()}, y[2:]
    expected = task.evaluate(*held_out, verbose=0, return_dict=True)
    assert set(expected) == {"loss", "exact_match", "f1"}
    assert {name: history[f"val_{name}"] for name in expected} == {
        name: pytest.approx([value]) for name, value in expected.items()
    }
    assert "f1" not in history


def test_accuracy_by_name_is_the_tasks_own(fresh_classifier, tiny_folder):
    classifier = fresh_classifier(id2label={0: "bad", 1: "good"})
    classifier.compile("adam", metrics=["accuracy"], run_eagerly=True)
    labels = classifier.predict(["a cat", "a dog"], verbose=0)["label"]
    found = classifier.evaluate(
        ["a cat", "a dog", "sad"], [*map(classifier.config.label2id.get, labels), -100], verbose=0
    )
    assert found[1] == 1.0

    tagger = TokenClassifier.from_pretrained(tiny_folder("model_gelu_l2"), id2label={0: "O", 1: "B-PET"})
    words, tags = [["unaffable", "cat"], ["a"]], [["O", "B-PET"], ["O"]]
    accuracies = []
    for metric in ("accuracy", Accuracy()):
        tagger.compile("adam", metrics=[metric], run_eagerly=True)
        accuracies.append(tagger.evaluate(words, tags, verbose=0)[1])
    assert accuracies[0] == accuracies[1]

    several = fresh_classifier(problem_type="multi_label_classification", id2label={0: "a", 1: "b", 2: "c"})
    several.compile("adam", metrics=["accuracy"], run_eagerly=True)
    logits = several.predict(["a cat", "a dog"], verbose=0)["logits"]
    assert several.evaluate(["a cat", "a dog"], (logits > 0).astype(int), verbose=0)[1] == 1.0
