"""The text-classification pipeline: the peer's answers and forms; numbers, empty second texts, ranking."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder, references
from tests.tasks.pipelines.same_answers import assert_same_answers
from tests.tasks.pipelines.texts import LONG_TEXTS
from tfbert.tasks import TextClassifier, pipeline
from tfbert.training import BertAdamW

REFERENCES = references("text-classification")
GRIDS = [reference for reference in REFERENCES if not reference.name.startswith("forms")]
LEFT_OUT = ("forms, {'top_k': 1} in the call", "forms, {'top_k': None} before", "forms, {'top_k': 2}")
FORMS = [
    pytest.param(reference, marks=[pytest.mark.exhaustive] * reference.name.startswith(LEFT_OUT), id=reference.name)
    for reference in REFERENCES
    if reference.name.startswith("forms")
]
TEXTS = ["a cat", "", "New York is old " * 9, "北京"]


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Return a function that loads a model of the references, once."""

    @functools.cache
    def loaded(name):
        return TextClassifier.from_pretrained(make_folder(tmp_path_factory.mktemp("model"), name))

    return loaded


@pytest.fixture(scope="module")
def make(load):
    """Return a function that makes a pipeline, once, so that its graphs are shared."""

    @functools.cache
    def made(name, **options):
        return pipeline("text-classification", model=load(name), **options)

    return made


@pytest.mark.parametrize("reference", GRIDS, ids=lambda reference: reference.name)
def test_every_text_is_answered_as_by_the_peer(make, reference):
    found = make(reference.model)(reference.inputs, **reference.options)
    # Alone, a string gives a list even of one label.
    is_listed = isinstance(reference.inputs[0], str) and "top_k" not in reference.options
    assert_same_answers([[answer] for answer in found] if is_listed else found, reference.outputs)


@pytest.mark.parametrize("reference", FORMS)
def test_every_form_is_answered_as_by_the_peer(make, reference):
    answer = make(reference.model, **reference.made_with)
    assert_same_answers([answer(value, **reference.options) for value in reference.inputs], reference.outputs)


def test_streams_keep_the_form_of_lists(make):
    answer = make("sentiment")
    assert list(answer(iter(TEXTS))) == answer(TEXTS)
    assert list(answer(iter(TEXTS), top_k=1)) == answer(TEXTS, top_k=1)
    assert_same_answers(next(answer(tf.data.Dataset.from_tensor_slices(TEXTS))), answer(TEXTS)[0])


@pytest.mark.parametrize("inputs", [[["a cat", "a dog"]], [("a cat", "a dog")] * 2])
def test_two_strings_for_a_pair_name_the_dict(make, inputs):
    with pytest.raises(ValueError, match=r"write a dict: \{'text': '…', 'text_pair': '…'\}"):
        make("sentiment")(inputs)


def test_several_numbers_come_with_their_names(tiny_folder):
    names = {0: "joy", 1: "fear", 2: "anger"}
    task = TextClassifier.from_pretrained(tiny_folder("model_gelu_l2"), problem_type="regression", id2label=names)
    scores = task.predict(TEXTS, verbose=0)["score"]
    assert scores.shape == (4, 3)
    found = pipeline(model=task)(TEXTS, top_k=2)
    for row, labels in zip(scores, found):
        best = row.argsort()[::-1][:2]
        assert_same_answers(labels, [{"label": names[place], "score": float(row[place])} for place in best])
    assert pipeline(model=task)(TEXTS) == [labels[0] for labels in found]


def test_a_served_number_keeps_its_name(load, tmp_path):
    path = load("regression").export(tmp_path / "1")
    assert_same_answers(pipeline(model=path)(TEXTS[0]), pipeline(model=load("regression"))(TEXTS[0]))


def test_training_a_single_label_makes_it_a_number(tmp_path):
    task = TextClassifier.from_pretrained(make_folder(tmp_path, "one_label"))
    assert 0 < task.predict(["good"], verbose=0)["score"][0] < 1
    task.compile(BertAdamW(1e-2), run_eagerly=True)
    task.fit(["good", "bad"] * 4, [4.0, -4.0] * 4, epochs=8, batch_size=8, verbose=0)
    assert task.config.problem_type == "regression"
    assert list(task.config.label2id) == ["relevance"]
    good, bad = task.predict(["good", "bad"], verbose=0)["score"]
    assert good > 1.5
    assert bad < -1.5
    task.save_pretrained(tmp_path / "saved")
    again = TextClassifier.from_pretrained(tmp_path / "saved")
    np.testing.assert_allclose(again.predict(["good"], verbose=0)["score"], [good], atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"padding": "max_length"}, {"padding_side": "left", "max_length": 9}])
def test_an_empty_second_text_is_none(load, options):
    task = load("sentiment").with_options(**options)
    texts = ["a cat", "new york is old", "", LONG_TEXTS["300 words"]]
    single = task.tokenizer(texts)
    pairs = task.ids_of({"text": tf.constant([*texts, "a cat"]), "text_pair": tf.constant([""] * 4 + ["good dog"])})
    for name, values in single.items():
        length = values.shape[1]
        left = options.get("padding_side") == "left"
        np.testing.assert_array_equal(pairs[name][:4, -length:] if left else pairs[name][:4, :length], values)
    np.testing.assert_array_equal(pairs["attention_mask"][:4].numpy().sum(1), single["attention_mask"].numpy().sum(1))
    words = task.tokenizer(["a cat"], ["good dog"])["input_ids"].numpy().ravel()
    assert set(words) <= set(pairs["input_ids"][4].numpy())


@pytest.mark.parametrize("name", ["one_label", "regression"])
def test_passages_are_ranked_by_their_score(load, name):
    task = load(name)
    passages = ["the movie was awful.", "Paris", "", "the river at night", "Paris"]
    ranked = task.rank("Where is the river?", passages)
    pairs = {"text": ["Where is the river?"] * 5, "text_pair": passages}
    scores = task.predict(pairs, verbose=0)["score"]
    assert [entry["index"] for entry in ranked] == np.argsort(-scores, kind="stable").tolist()
    assert ranked == [
        {"index": entry["index"], "score": float(scores[entry["index"]]), "text": passages[entry["index"]]}
        for entry in ranked
    ]
    assert len({entry["score"] for entry in ranked}) == 4
    assert task.rank("Where is the river?", passages, top_k=2) == ranked[:2]
    assert task.rank("Where is the river?", []) == []


def test_what_cannot_be_ranked_is_refused(load):
    with pytest.raises(ValueError, match=r"single label. Received: one with \['negative', 'neutral', 'positive'\]"):
        load("sentiment").rank("a", ["b"])
    with pytest.raises(TypeError, match="one query and a list of passages"):
        load("one_label").rank("a", "b")
    with pytest.raises(ValueError, match="`top_k` must be"):
        load("one_label").rank("a", ["b"], top_k=0)


def test_other_options_still_learn_labels(tiny_folder):
    task = TextClassifier.from_pretrained(tiny_folder("model_gelu_l2")).with_options(top_k=1)
    task.compile("sgd", run_eagerly=True)
    task.fit(["the cat", "a dog"], ["cat", "dog"], verbose=0)
    assert task.config.label2id == {"cat": 0, "dog": 1}
