"""Every kind of string input gives one and the same answer, for each task."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.tasks.same_arrays import assert_same_arrays
from tfbert.tasks import TextClassifier, TextEmbedder

TEXTS = ["I love the cat!", "Café déjà vu 北京", "", "zzz"]
OTHERS = ["the dog", "a mat", "good", ""]


def forms(texts):
    encoded = [text.encode() for text in texts]
    dataset = tf.data.Dataset.from_tensor_slices(texts)
    return {
        "list": list(texts),
        "list of bytes": encoded,
        "tuple": tuple(texts),
        "<U": np.array(texts),
        "S": np.array(encoded),
        "object of str": np.array(texts, dtype=object),
        "object of bytes": np.array(encoded, dtype=object),
        "StringDType": np.array(texts, dtype=np.dtypes.StringDType()),
        "column": np.array(texts)[:, None],
        "Series": pd.Series(texts),
        "tensor": tf.constant(texts),
        "dict of list": {"text": list(texts)},
        "dict of Series": {"text": pd.Series(texts)},
        "dict of tensor": {"text": tf.constant(texts)},
        "dataset of texts": dataset,
        "dataset of batches": dataset.batch(3),
        "dataset of dicts": tf.data.Dataset.from_tensor_slices({"text": texts}).batch(2),
        "dataset with labels": tf.data.Dataset.from_tensor_slices((texts, [0] * len(texts))).batch(2),
    }


def pair_forms(first, second):
    rows = list(zip(first, second))
    return {
        "dict": {"text": first, "text_pair": second},
        "dict of tensors": {"text": tf.constant(first), "text_pair": tf.constant(second)},
        "rows of tuples": rows,
        "rows of lists": [list(row) for row in rows],
        "<U array": np.array(rows),
        "object array": np.array(rows, dtype=object),
        "tensor": tf.constant(rows),
        "dataset of dicts": tf.data.Dataset.from_tensor_slices({"text": first, "text_pair": second}),
        "dataset of rows": tf.data.Dataset.from_tensor_slices(tf.constant(rows)).batch(2),
    }


@pytest.fixture(scope="module")
def asked(module_folder):
    """Tasks that are only asked, each with its answers to the plain list: one tracing serves every form."""
    tasks = {
        "classifier": TextClassifier.from_pretrained(module_folder("classifier_single_label")),
        "embedder": TextEmbedder.from_pretrained(module_folder("model_gelu_l2")),
    }
    return {name: (task, task.predict(TEXTS, verbose=0)) for name, task in tasks.items()}


@pytest.fixture(scope="module")
def asked_pairs(module_folder):
    """A classifier that is asked pairs only, with its answers to the plain dict."""
    classifier = TextClassifier.from_pretrained(module_folder("classifier_single_label"))
    return classifier, classifier.predict({"text": TEXTS, "text_pair": OTHERS}, verbose=0)


@pytest.fixture(scope="module")
def fitted(module_folder):
    """Return a function that fits and evaluates on a form, from one start, and what it returns for the plain list."""
    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    classifier = TextClassifier.from_pretrained(module_folder("model_gelu_l2"), id2label={0: "bad", 1: "good"}, **quiet)
    classifier.model.classifier.set_weights([np.full((32, 2), 0.01), np.zeros(2)])
    start = classifier.get_weights()

    def fit(x):
        labels = [0, 1] * 4
        classifier.set_weights(start)
        classifier.compile("sgd", metrics=["accuracy"], run_eagerly=True)  # forms are told apart before any step
        if isinstance(x, tf.data.Dataset):
            x = x.unbatch() if x.element_spec != tf.TensorSpec([], tf.string) else x
            x = tf.data.Dataset.zip(x, tf.data.Dataset.from_tensor_slices(labels)).batch(8)
            return classifier.fit(x, verbose=0).history["loss"], classifier.evaluate(x, verbose=0)
        history = classifier.fit(x, labels, batch_size=8, shuffle=False, verbose=0).history["loss"]
        return history, classifier.evaluate(x, labels, verbose=0)

    return fit, fit(TEXTS * 2)


@pytest.mark.parametrize("task", ["classifier", "embedder"])
@pytest.mark.parametrize("form", forms(TEXTS))
def test_predict(task, form, asked):
    model, expected = asked[task]
    given = forms(TEXTS)[form]
    assert_same_arrays(model.predict(given, verbose=0, batch_size=3), expected)
    if not isinstance(given, tf.data.Dataset):
        called = {name: values.numpy() for name, values in model(given).items()}
        called = {
            n: np.vectorize(bytes.decode, otypes=[object])(v) if v.dtype == object else v for n, v in called.items()
        }
        assert_same_arrays(called, expected)


@pytest.mark.parametrize("form", pair_forms(TEXTS, OTHERS))
def test_predict_on_pairs(form, asked, asked_pairs):
    classifier, expected = asked_pairs
    assert np.abs(expected["logits"] - asked["classifier"][1]["logits"]).max() > 1e-3
    assert_same_arrays(classifier.predict(pair_forms(TEXTS, OTHERS)[form], verbose=0), expected)


@pytest.mark.parametrize("form", [form for form in forms(TEXTS) if form != "dataset with labels"])
def test_fit_and_evaluate(form, fitted):
    fit, expected = fitted
    found = fit(forms(TEXTS * 2)[form])
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5)


def test_one_string_is_one_row(asked):
    classifier, _ = asked["classifier"]
    assert classifier.predict("I love the cat!", verbose=0)["score"].shape == (1,)
    assert classifier("I love the cat!")["label"].shape == (1,)


def test_generator_of_batches_through_a_dataset(asked):
    classifier, expected = asked["classifier"]
    dataset = tf.data.Dataset.from_generator(lambda: iter(TEXTS), output_signature=tf.TensorSpec([], tf.string))
    assert_same_arrays(classifier.predict(dataset, verbose=0), expected)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([], ValueError, "empty list"),
        (["a", None], TypeError, "position 1"),
        ([[["a"]]], ValueError, r"\(1, 1, 1\)"),
        (np.array([["a", "b", "c"]]), ValueError, r"\(1, 3\)"),
        ({"sentence": ["a"]}, ValueError, "key 'text'"),
        (7, TypeError, "Received: int"),
    ],
)
def test_wrong_input_is_refused(asked, given, error, message):
    classifier, _ = asked["classifier"]
    for verb in (classifier, classifier.predict):
        with pytest.raises(error, match=message):
            verb(given)
