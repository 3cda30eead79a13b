"""ZeroShotClassifier and its pipeline: the peer's answers, rows of different labels, training, wrong uses."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder, references
from tests.tasks.pipelines.same_answers import assert_same_answers
from tfbert.tasks import ZeroShotClassifier, pipeline
from tfbert.training import BertAdamW

REFERENCES = references("zero-shot-classification")
ROWS = {
    "text": ["Anna lives in New York.", "", "北京 is a city!", "the old river " * 40],
    "candidate_labels": [["city", "dog", "北京"], ["music"], ["", "book", "", "cat"], ["red", "old"]],
}


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Return a function that loads a model of the references, once."""

    @functools.cache
    def loaded(name):
        return ZeroShotClassifier.from_pretrained(make_folder(tmp_path_factory.mktemp("model"), name))

    return loaded


@pytest.fixture(scope="module")
def make(load):
    """Return a function that makes a pipeline of a model, once."""
    return functools.cache(lambda name: pipeline("zero-shot-classification", model=load(name)))


@pytest.fixture
def fresh(tiny_folder):
    """Return a function that makes a task with a new head."""

    def made(**options):
        task = ZeroShotClassifier.from_pretrained(tiny_folder("model_gelu_l2"), hidden_dropout_prob=0.0, **options)
        task.compile(BertAdamW(1e-2), metrics=task.default_metrics(), run_eagerly=True)
        return task

    return made


@pytest.fixture
def inference():
    """Premises, hypotheses and labels that a tiny model can learn: all that is good follows."""
    pairs = {"text": ["the cat", "a dog", "a movie", "you"] * 2, "text_pair": ["good", "bad", "good", "bad"] * 2}
    return pairs, ["Entails", "contradicts"] * 4


@pytest.mark.parametrize(
    "reference", [one for one in REFERENCES if "no label" not in one.name], ids=lambda reference: reference.name
)
def test_every_text_is_answered_as_by_the_peer(load, make, reference):
    if reference.name.startswith("forms"):
        answer = pipeline(model=load(reference.model), **reference.made_with)
        found = [answer(value, **reference.options) for value in reference.inputs]
    else:
        found = make(reference.model)(reference.inputs, **reference.options)
    assert_same_answers(found, reference.outputs)


def test_a_model_without_entailment_is_refused_where_the_peer_guesses(tmp_path):
    reference = next(one for one in REFERENCES if "no label" in one.name)
    with pytest.raises(ValueError, match=r"begins with 'entail'. Received: \['negative', 'neutral', 'positive'\]"):
        ZeroShotClassifier.from_pretrained(make_folder(tmp_path, reference.model))


@pytest.mark.parametrize("multi_label", [False, True])
def test_a_row_is_answered_as_if_it_were_alone(load, multi_label):
    task = load("inference").with_options(multi_label=multi_label)
    answers = task.predict(ROWS, batch_size=3, verbose=0)
    assert {name: values.shape for name, values in answers.items()} == {
        "labels": (4, 4),
        "scores": (4, 4),
        "length": (4,),
    }
    assert answers["length"].tolist() == [3, 1, 2, 2]
    for row, (text, labels) in enumerate(zip(*ROWS.values())):
        alone = task.predict({"text": [text], "candidate_labels": [[one for one in labels if one]]}, verbose=0)
        count = len(alone["labels"][0])
        assert answers["labels"][row].tolist() == [*alone["labels"][0], *[""] * (4 - count)]
        np.testing.assert_allclose(answers["scores"][row, :count], alone["scores"][0], atol=1e-6)
        assert not answers["scores"][row, count:].any()
        total = answers["scores"][row].sum()
        assert total == pytest.approx(1, abs=1e-6) or multi_label or count == 1


def test_labels_are_the_same_for_all_rows_or_each_row_has_its_own(load):
    shared = load("inference").predict({"text": ["a", "b"], "candidate_labels": ["city", "dog"]}, verbose=0)
    own = load("inference").predict({"text": ["a", "b"], "candidate_labels": [["city", "dog"]] * 2}, verbose=0)
    np.testing.assert_array_equal(shared["labels"], own["labels"])
    rows = [{"text": text, "candidate_labels": ["city", "dog"]} for text in ("a", "b")]
    np.testing.assert_array_equal(load("inference").predict(rows, verbose=0)["scores"], own["scores"])


def test_of_equal_labels_the_last_comes_first(load):
    columns = {"text": tf.constant(["Anna"]), "candidate_labels": tf.constant([["a", "b", "", "c", "d"]])}
    logits = tf.constant([[0.0, 0, 1], [0, 0, 2], [0, 0, 9], [0, 0, 1], [0, 0, 1]])
    answers = load("inference").decode({"logits": logits}, {}, columns)
    assert answers["labels"].numpy().tolist() == [[b"b", b"d", b"c", b"a", b""]]


def test_without_rows_or_labels_there_are_no_answers(load):
    columns = {"text": tf.zeros([0], tf.string), "candidate_labels": tf.zeros([0, 0], tf.string)}
    assert load("inference").predict(columns, verbose=0)["labels"].shape == (0, 0)
    served = tf.function(
        lambda text, candidate_labels: load("inference")({"text": text, "candidate_labels": candidate_labels}),
        input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None, None], tf.string)],
        autograph=False,
    )
    for labels in (tf.zeros([2, 0], tf.string), tf.constant([["", ""], ["", ""]])):
        answers = served(tf.constant(["a", ""]), labels)
        assert answers["length"].numpy().tolist() == [0, 0]
        assert answers["labels"].numpy().tolist() == labels.numpy().tolist()
        assert not answers["scores"].numpy().any()
    broken = served(tf.constant([b"\xff"]), tf.constant([[b"\xff", b"dog"]]))["labels"].numpy()
    assert sorted(broken[0]) == [b"dog", "\ufffd".encode()]


@pytest.mark.slow
def test_it_learns_from_premises_and_hypotheses(fresh, inference):
    task = fresh(hypothesis_template="{}")
    assert task.learns_labels
    task.fit(*inference, epochs=8, batch_size=8, verbose=0)
    assert task.config.label2id == {"Entails": 0, "contradicts": 1}
    assert task.entailment_id == 0
    loss, accuracy, *_ = task.evaluate(*inference, verbose=0)
    assert accuracy == 1.0
    found = task.predict({"text": ["the phone"], "candidate_labels": ["bad", "good"]}, verbose=0)
    assert found["labels"].tolist() == [["good", "bad"]]
    dataset = tf.data.Dataset.from_tensor_slices(inference)
    assert task.evaluate(dataset, verbose=0)[0] == pytest.approx(loss, abs=1e-6)
    task.fit(dataset, batch_size=8, verbose=0)
    assert task.served_columns() == ["text", "candidate_labels"]


def test_labels_of_no_inference_teach_nothing(fresh, inference):
    task = fresh()
    with pytest.raises(ValueError, match=r"Received: \['no', 'yes'\]"):
        task.fit(inference[0], ["yes", "no"] * 4, verbose=0)
    with pytest.raises(ValueError, match="name its classes"):
        task.fit(inference[0], [0, 1] * 4, verbose=0)
    assert task.learns_labels
    with pytest.raises(ValueError, match="keys 'text' and 'text_pair'"):
        task.fit({"text": ["a"], "candidate_labels": [["b"]]}, ["entailment"], verbose=0)
    named = fresh(id2label={0: "contradiction", 1: "ENTAILMENT"})
    assert named.entailment_id == 1
    assert not named.learns_labels


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"hypothesis_template": "This is a topic."},
            "must hold {} where the label goes.*Received: 'This is a topic.'",
        ),
        ({"hypothesis_template": "{} and {}"}, "must hold {} where the label goes"),
        ({"hypothesis_template": "{label}"}, "must hold {} where the label goes"),
        ({"hypothesis_template": "{:>9}"}, "must hold {} where the label goes"),
        ({"hypothesis_template": None}, "must hold {} where the label goes"),
        ({"multi_label": "yes"}, "`multi_label` must be True or False"),
    ],
)
def test_wrong_options_are_refused(load, make, options, message):
    with pytest.raises(ValueError, match=message):
        load("inference").with_options(**options)
    with pytest.raises(ValueError, match=message):
        make("inference")("a", candidate_labels=["b"], **options)


def test_a_template_may_hold_braces_and_the_label_twice(load):
    rows = {"text": ["Anna"], "candidate_labels": [["city", "dog"]]}
    task = load("inference").with_options(hypothesis_template="{0} {{x}} {0}")
    plain = load("inference").with_options(hypothesis_template="{}")
    expected = plain.predict({"text": ["Anna"], "candidate_labels": [["city {x} city", "dog {x} dog"]]}, verbose=0)
    np.testing.assert_allclose(task.predict(rows, verbose=0)["scores"], expected["scores"], atol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ("a text", TypeError, "takes a dict of texts"),
        ({"text": ["a"]}, ValueError, "keys 'text' and 'candidate_labels'"),
        ({"text": ["a", "b"], "candidate_labels": [["x"], [""]]}, ValueError, "at least one text.*none at row 1"),
        ({"text": ["a"], "candidate_labels": [[]]}, ValueError, "none at row 0"),
    ],
)
def test_wrong_inputs_are_refused(load, inputs, error, message):
    with pytest.raises(error, match=message):
        load("inference").predict(inputs, verbose=0)


@pytest.mark.parametrize("call", [("a text", []), ("a text", " , "), ("a text", None), ("", ["x"]), (["a", ""], "x")])
def test_a_pipeline_needs_texts_and_labels(make, call):
    with pytest.raises(ValueError, match="at least one label and a text that is not empty"):
        make("inference")(*call)


def test_streams_are_answered_as_lists(make):
    answer = functools.partial(make("inference"), candidate_labels="city, dog")
    texts = ["Anna lives in New York.", "北京"]
    expected = answer(texts)
    assert list(answer(iter(texts))) == expected
    assert list(answer(tf.data.Dataset.from_tensor_slices(texts))) == expected
    with pytest.raises(TypeError, match="Received: int"):
        answer([3])


def test_a_label_that_leaves_no_room_is_cut_and_spoils_no_other_row(load):
    classifier, long = load("inference"), "city " * 200
    rows = {"text": ["a dog", "a cat"], "candidate_labels": [[long, "dog"], ["red", "old"]]}
    answers = classifier.predict(rows, verbose=0)
    assert np.isfinite(answers["scores"]).all()
    alone = classifier.predict({"text": ["a cat"], "candidate_labels": [["red", "old"]]}, verbose=0)
    np.testing.assert_allclose(answers["scores"][1], alone["scores"][0], atol=1e-6)
    assert classifier.with_options(truncation="longest_first").predict(rows, verbose=0)["length"].tolist() == [2, 2]


def test_rows_bring_labels_of_their_own(make):
    classify = make("inference")
    rows = [{"text": "a dog", "candidate_labels": ["red", "old"]}, "a cat"]
    found = classify(rows, candidate_labels=["city", "music"])
    assert [sorted(answer["labels"]) for answer in found] == [["old", "red"], ["city", "music"]]
    assert_same_answers(found[0], classify("a dog", candidate_labels="red, old"))


def test_the_signatures_of_ids_are_batch_major(load):
    classifier = load("inference")
    ids = classifier.ids_of(classifier.read_inputs(ROWS))
    assert ids["input_ids"].shape[:2] == (4, 4)
    assert classifier.forward(ids, training=False)["logits"].shape == (4, 4, 3)
