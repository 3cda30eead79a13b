"""ChoiceSelector and its pipeline: PyTorch's answers, any number of choices, training, wrong uses."""

import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder, references
from tests.tasks.pipelines.same_answers import assert_same_answers
from tfbert.tasks import ChoiceSelector, pipeline
from tfbert.training import BertAdamW

(REFERENCE,) = references("multiple-choice")
ROWS = {
    "text": ["Anna lives", "", "北京 is", "the old river " * 40],
    "choices": [["a cat", "a dog", "in New York"], ["yes"], ["", "no", "", "a city"], ["red " * 90, "old"]],
}
LESSONS: dict[str, list] = {
    "text": ["the cat", "a dog", "a movie", "you"],
    "choices": [["good", "bad", ""], ["sad", "awful", "good"], ["bad", "great", ""], ["great", "sad", "awful"]],
}
RIGHT: dict[str, list] = {"places": [0, 2, 1, 0], "texts": ["good", "good", "great", "great"]}


@pytest.fixture(scope="module")
def selector(tmp_path_factory):
    """The model of the references."""
    return ChoiceSelector.from_pretrained(make_folder(tmp_path_factory.mktemp("model"), "choices"))


@pytest.fixture
def fresh(tiny_folder):
    """A task with a new head."""
    task = ChoiceSelector.from_pretrained(
        tiny_folder("model_gelu_l2"), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    task.compile(BertAdamW(1e-2), metrics=task.default_metrics(), run_eagerly=True)
    return task


@pytest.fixture(scope="module")
def served(selector):
    """The task's graph as a server calls it."""
    return tf.function(
        lambda text, choices: selector({"text": text, "choices": choices}),
        input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None, None], tf.string)],
        autograph=False,
    )


def test_every_row_is_answered_as_by_pytorch(selector):
    found = pipeline(model=selector)(REFERENCE.inputs)
    expected = []
    for row, output in zip(REFERENCE.inputs, REFERENCE.outputs):
        places = [place for place, choice in enumerate(row["choices"]) if choice]  # "" is none with us
        total = sum(output["scores"][place] for place in places)
        best = sorted(places, key=lambda place: -output["logits"][place])
        expected.append(
            [
                {"choice": row["choices"][place], "index": place, "score": output["scores"][place] / total}
                for place in best
            ]
        )
    assert_same_answers(found, expected)
    assert len({answers[0]["index"] for answers in found}) > 2
    assert_same_answers(pipeline(model=selector)(REFERENCE.inputs[0]), expected[0])


def test_a_row_is_answered_as_if_it_were_alone(selector):
    answers = selector.predict(ROWS, batch_size=3, verbose=0)
    assert {name: values.shape for name, values in answers.items()} == {"choice": (4,), "index": (4,), "scores": (4, 4)}
    for row, (text, choices) in enumerate(zip(*ROWS.values())):
        given = [place for place, choice in enumerate(choices) if choice]
        alone = selector.predict({"text": [text], "choices": [[choices[place] for place in given]]}, verbose=0)
        np.testing.assert_allclose(answers["scores"][row, given], alone["scores"][0], atol=1e-6)
        assert answers["scores"][row].sum() == pytest.approx(1, abs=1e-6)
        assert answers["index"][row] == given[alone["index"][0]] == answers["scores"][row].argmax()
        assert answers["choice"][row] == alone["choice"][0] == choices[answers["index"][row]]


@pytest.mark.parametrize("execution", ["packed", "padded"])
def test_empty_slots_do_not_compete_in_ids_either(tmp_path, selector, execution):
    task = ChoiceSelector.from_pretrained(make_folder(tmp_path, "choices"), execution=execution)
    ids = task.ids_of(task.read_inputs(ROWS))
    assert ids["input_ids"].shape[:2] == (4, 4)
    scores = tf.nn.softmax(task.forward(ids, training=False)["logits"])
    np.testing.assert_allclose(scores, selector.predict(ROWS, verbose=0)["scores"], atol=1e-6)


def test_a_served_row_without_choices_has_none(served):
    for choices in (tf.zeros([2, 0], tf.string), tf.constant([["", ""], ["", ""]])):
        answers = served(tf.constant(["a", ""]), choices)
        assert answers["choice"].numpy().tolist() == [b"", b""]
        assert answers["index"].numpy().tolist() == [-1, -1]
        assert answers["scores"].shape == choices.shape
        assert not answers["scores"].numpy().any()
    broken = served(tf.constant([b"\xff"]), tf.constant([[b"\xff"]]))
    assert broken["choice"].numpy().tolist() == ["\ufffd".encode()]


def test_without_rows_there_are_no_answers(selector):
    answers = selector.predict({"text": tf.zeros([0], tf.string), "choices": tf.zeros([0, 0], tf.string)}, verbose=0)
    assert {name: len(values) for name, values in answers.items()} == {"choice": 0, "index": 0, "scores": 0}


@pytest.mark.slow
def test_it_learns_from_places_and_texts(fresh):
    fresh.fit(LESSONS, RIGHT["places"], epochs=8, batch_size=4, verbose=0)
    loss, accuracy = fresh.evaluate(LESSONS, RIGHT["texts"], verbose=0)
    assert accuracy == 1.0
    for labels in RIGHT.values():
        dataset = tf.data.Dataset.from_tensor_slices((LESSONS, labels))
        assert fresh.evaluate(dataset, verbose=0)[0] == pytest.approx(loss, abs=1e-6)
    new = {"text": ["the phone", "i"], "choices": [["awful", "", "bad", "good"], ["great", "bad"]]}
    answers = fresh.predict(new, verbose=0)
    assert answers["choice"].tolist() == ["good", "great"]
    assert answers["index"].tolist() == [3, 0]


def test_empty_slots_do_not_count_in_training(fresh):
    padded = {**LESSONS, "choices": [["", *choices, ""] for choices in LESSONS["choices"]]}
    plain = fresh.evaluate(LESSONS, RIGHT["places"], verbose=0)[0]
    moved = [place + 1 for place in RIGHT["places"]]
    assert fresh.evaluate(padded, moved, verbose=0)[0] == pytest.approx(plain, abs=1e-6)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 2], "one of the choices of its row.*Received: 2 at row 1"),
        ([0, -1], "Received: -1 at row 1"),
        (["cat", "dog"], "Received: 'cat' at row 0"),
        ([0.0, 1.0], "the place of the right choice"),
        ([[0, 1], [1, 0]], "the place of the right choice"),
        ([0], "`y` must have one entry for each text"),
        (None, "`y` is missing"),
    ],
)
def test_wrong_labels_are_refused(fresh, labels, message):
    with pytest.raises(ValueError, match=message):
        fresh.fit({"text": ["a", "b"], "choices": [["good", "bad", "sad"], ["dog", "cat", ""]]}, labels, verbose=0)


def test_a_wrong_label_in_a_dataset_is_refused(fresh):
    dataset = tf.data.Dataset.from_tensor_slices((LESSONS, ["movies"] * 4))
    with pytest.raises(tf.errors.InvalidArgumentError, match="one of the choices of its row"):
        fresh.fit(dataset, verbose=0)


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ("a text", TypeError, "takes a dict of texts"),
        ({"text": ["a"]}, ValueError, "keys 'text' and 'choices'"),
        ({"text": ["a", "b"], "choices": [["x"], [""]]}, ValueError, "`choices` must hold at least one.*none at row 1"),
        ({"text": ["a"], "choices": [[]]}, ValueError, "none at row 0"),
    ],
)
def test_wrong_inputs_are_refused(selector, inputs, error, message):
    with pytest.raises(error, match=message):
        selector.predict(inputs, verbose=0)


def test_a_pipeline_takes_a_prompt_too(selector):
    answer = pipeline(model=selector)
    found = answer({"prompt": "Anna lives", "choices": ("a cat", "", "in New York")})
    assert found == answer([{"text": "Anna lives", "choices": ["a cat", "", "in New York"]}])[0]
    assert sorted(choice["index"] for choice in found) == [0, 2]


@pytest.mark.parametrize(
    "value",
    [
        "a text",
        {"text": "a"},
        {"text": "a", "choices": []},
        {"text": "a", "choices": [""]},
        {"text": "a", "choices": "b"},
    ],
)
def test_a_pipeline_needs_choices(selector, value):
    with pytest.raises(ValueError, match="with at least one choice"):
        pipeline(model=selector)(value)
