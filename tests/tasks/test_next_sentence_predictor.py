"""NextSentencePredictor and its pipeline: PyTorch's answers, training, wrong uses."""

import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder, references
from tests.tasks.pipelines.same_answers import assert_same_answers
from tfbert.tasks import NextSentencePredictor, pipeline
from tfbert.training import BertAdamW

(REFERENCE,) = references("next-sentence-prediction")
NAMES = ("IS_NEXT", "NOT_NEXT")
PAIRS = {"text": ["good cat", "bad dog"] * 4, "text_pair": ["happy", "happy", "sad", "sad"] * 2}
FOLLOWS = [0, 0, 1, 1] * 2


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    """The model of the references."""
    return NextSentencePredictor.from_pretrained(make_folder(tmp_path_factory.mktemp("model"), "next_sentence"))


@pytest.fixture
def fresh(tiny_folder):
    """A task with a new head."""
    task = NextSentencePredictor.from_pretrained(tiny_folder("model_gelu_l2"), hidden_dropout_prob=0.0)
    task.compile(BertAdamW(1e-2), metrics=task.default_metrics(), run_eagerly=True)
    return task


def test_every_pair_is_answered_as_by_pytorch(predictor):
    found = pipeline(model=predictor)(REFERENCE.inputs)
    best = [int(np.argmax(output["scores"])) for output in REFERENCE.outputs]
    assert set(best) == {0, 1}
    expected = [
        {"label": NAMES[place], "score": output["scores"][place]} for place, output in zip(best, REFERENCE.outputs)
    ]
    assert_same_answers(found, expected)
    assert_same_answers(pipeline(model=predictor)(REFERENCE.inputs[0]), expected[0])


def test_logits_are_pytorchs(predictor):
    columns = {name: tf.constant([row[name] for row in REFERENCE.inputs]) for name in ("text", "text_pair")}
    logits = predictor.forward(predictor.ids_of(columns), training=False)["logits"]
    np.testing.assert_allclose(logits, [output["logits"] for output in REFERENCE.outputs], atol=5e-5)


def test_without_rows_there_are_no_answers(predictor):
    answers = predictor.predict({"text": tf.zeros([0], tf.string), "text_pair": tf.zeros([0], tf.string)}, verbose=0)
    assert {name: values.shape for name, values in answers.items()} == {"label": (0,), "score": (0,)}


@pytest.mark.slow
def test_it_learns_from_numbers_and_names(fresh):
    names = [NAMES[number] for number in FOLLOWS]
    fresh.fit(PAIRS, names, epochs=8, batch_size=8, verbose=0)
    assert fresh.predict(PAIRS, verbose=0)["label"].tolist() == names
    assert not fresh.has_new_head
    loss, accuracy = fresh.evaluate(PAIRS, names, verbose=0)
    assert accuracy == 1.0
    assert fresh.evaluate(PAIRS, FOLLOWS, verbose=0)[0] == pytest.approx(loss, abs=1e-6)
    for labels in (names, FOLLOWS):
        dataset = tf.data.Dataset.from_tensor_slices((PAIRS, labels))
        assert fresh.evaluate(dataset, verbose=0)[0] == pytest.approx(loss, abs=1e-6)


def test_weights_of_classes_go_by_name(fresh):
    nothing = fresh.fit(PAIRS, FOLLOWS, class_weight={"IS_NEXT": 0.0, "NOT_NEXT": 0.0}, verbose=0).history["loss"]
    assert nothing == [0.0]


@pytest.mark.parametrize("label", [2, -1, 0.5, "LABEL_0", ["IS_NEXT"], [0, 1]])
def test_wrong_labels_are_refused(fresh, label):
    pair = {"text": ["a", "b"], "text_pair": ["c", "d"]}
    labels = [[0, 0], label] if label == [0, 1] else ["IS_NEXT" if isinstance(label, str | list) else 0, label]
    with pytest.raises(ValueError, match=r"must hold 'IS_NEXT' or 0 where the second text follows.*at row"):
        fresh.fit(pair, labels, verbose=0)


def test_an_unknown_name_in_a_dataset_is_refused(fresh):
    dataset = tf.data.Dataset.from_tensor_slices((PAIRS, ["next"] * 8))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Unknown label; the model has .*IS_NEXT"):
        fresh.fit(dataset, verbose=0)


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (["a text"], TypeError, "takes a dict of texts: {'text': …, 'text_pair': …}"),
        ([["a text", "another"]], TypeError, "takes a dict of texts"),
        ({"text": ["a text"]}, ValueError, "keys 'text' and 'text_pair'"),
        ({"text": ["a", "b"], "text_pair": ["c"]}, ValueError, "same number of rows"),
    ],
)
def test_wrong_inputs_are_refused(predictor, inputs, error, message):
    with pytest.raises(error, match=message):
        predictor.predict(inputs, verbose=0)


def test_a_pipeline_takes_dicts(predictor):
    with pytest.raises(ValueError, match="keys 'text' and 'text_pair'"):
        pipeline(model=predictor)(["a text", "another"])
