"""`predict` over many batches: the next are tokenized ahead, and answers come in the order of the rows."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder
from tests.tasks.same_arrays import assert_same_arrays
from tests.tasks.task_table import TASKS
from tfbert.tasks import TextClassifier
from tfbert.tasks.base import text_rows
from tfbert.tasks.base.answering import AHEAD

TEXTS = [
    "i love the cat",
    "",
    "a dog",
    "i love the cat",
    "北京 " * 20,
    "the good movie was very sad today !",
    "a dog",
] * 3


class Log(keras.callbacks.Callback):
    """Notes of each batch what `note` says, and the steps that were announced."""

    def __init__(self, note):
        super().__init__()
        self.note, self.notes = note, []

    def on_predict_batch_end(self, batch, logs=None):
        self.notes.append(self.note())


@pytest.fixture(scope="module")
def classifier(module_folder):
    return TextClassifier.from_pretrained(module_folder("classifier_single_label"))


@pytest.fixture(scope="module")
def expected(classifier):
    """The answers by one batch, in one graph."""
    return classifier.predict(TEXTS, batch_size=len(TEXTS), verbose=0)


@pytest.mark.parametrize("batch_size", [4, 20])
def test_many_batches_have_the_answers_of_one(classifier, expected, batch_size, monkeypatch):
    monkeypatch.setattr(text_rows, "POOL", 2)  # batches of a window
    assert_same_arrays(classifier.predict(TEXTS, batch_size=batch_size, verbose=0), expected)
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(batch_size)
    assert_same_arrays(classifier.predict(dataset, verbose=0), expected)


@pytest.mark.exhaustive
@pytest.mark.parametrize("row", TASKS, ids=lambda row: row.task)
def test_every_task_answers_many_batches_as_one(row, tmp_path):
    task = row.load(make_folder(tmp_path, row.folder))
    rows = {name: values * 3 for name, values in row.inputs.items()}
    if "choices" not in rows and "candidate_labels" not in rows:  # which become as wide as the widest of all
        assert_same_arrays(
            task.predict(tf.data.Dataset.from_tensor_slices(rows), batch_size=2, verbose=0), task.predict(rows)
        )
    assert_same_arrays(task.predict(rows, batch_size=2, verbose=0), task.predict(rows, batch_size=32, verbose=0))


def test_graphs_are_made_once(classifier, expected, monkeypatch):
    classifier.predict(TEXTS, batch_size=5, verbose=0)
    traced = []
    for name in ("tokenize", "forward", "decode"):
        method = getattr(TextClassifier, name)
        note = lambda self, *args, method=method, **kwargs: traced.append(method) or method(self, *args, **kwargs)  # noqa: E731
        monkeypatch.setattr(TextClassifier, name, note)
    classifier.predict(TEXTS, batch_size=4, verbose=0)
    classifier.predict(TEXTS[:1], verbose=0)
    assert traced == []


def test_batches_are_read_a_few_ahead_of_their_answers(classifier):
    read = []
    batches = ((index, {"text": tf.constant([f"a dog {index}"])}) for index in range(12) if read.append(index) is None)
    lead = [len(read) - index for index, answer in classifier.answer_function.ahead(batches) if answer()]
    assert lead[0] == AHEAD + 1
    assert max(lead) == AHEAD + 1
    assert len(lead) == 12


def test_a_dataset_is_read_a_few_batches_ahead(classifier):
    read = []
    texts = (text for text in TEXTS if read.append(text) is None)
    dataset = tf.data.Dataset.from_generator(lambda: texts, output_signature=tf.TensorSpec([], tf.string))
    log = Log(lambda: len(read))
    classifier.predict(dataset, batch_size=1, verbose=0, callbacks=[log])
    lead = np.array(log.notes) - np.arange(len(TEXTS))
    assert lead.max() <= AHEAD + 4
    assert len(lead) == len(TEXTS)


def test_steps_and_callbacks_see_every_batch(classifier, expected):
    for form in (TEXTS, tf.data.Dataset.from_tensor_slices(TEXTS)):
        log = Log(lambda: None)
        found = classifier.predict(form, batch_size=4, steps=3, verbose=0, callbacks=[log])
        assert found["label"].tolist() == expected["label"].tolist()[:12]
        assert len(log.notes) == log.params["steps"] == 3


def test_an_error_of_a_later_batch_is_the_users(classifier):
    strict = classifier.with_options(truncation=False)
    for batch_size in (4, 1):
        with pytest.raises(tf.errors.InvalidArgumentError, match="max_length"):
            strict.predict(["a", "b", "the dog " * 200, "c"], batch_size=batch_size, verbose=0)


@pytest.mark.exhaustive
def test_other_options_are_seen_between_batches(classifier, expected):
    twin = classifier.with_options(top_k=1)
    assert twin.predict(TEXTS, batch_size=4, verbose=0)["labels"].shape == (len(TEXTS), 1)
    twin.top_k = 2
    assert twin.predict(TEXTS, batch_size=4, verbose=0)["labels"].shape == (len(TEXTS), 2)


def test_a_sub_class_answers_by_its_own_call(module_folder):
    class Louder(TextClassifier):
        def call(self, inputs, training=False):
            return {"label": tf.strings.upper(super().call(inputs, training)["label"])}

    louder = Louder.from_pretrained(module_folder("classifier_single_label"))
    assert list(louder.predict(TEXTS, batch_size=4, verbose=0)) == ["label"]
