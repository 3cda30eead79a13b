"""Every kind of string input gives one and the same answer, for each task."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

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


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, values in expected.items():
        if values.dtype == object:
            assert found[name].tolist() == values.tolist()
        else:
            np.testing.assert_allclose(found[name], values, atol=1e-5)


@pytest.mark.parametrize("task", ["classifier", "embedder"])
@pytest.mark.parametrize("form", forms(TEXTS))
def test_predict(task, form, request):
    model = request.getfixturevalue("trained_head")() if task == "classifier" else request.getfixturevalue("embedder")
    given = forms(TEXTS)[form]
    assert_same(model.predict(given, verbose=0, batch_size=3), model.predict(TEXTS, verbose=0))
    if not isinstance(given, tf.data.Dataset):
        called = {name: values.numpy() for name, values in model(given).items()}
        called = {
            n: np.vectorize(bytes.decode, otypes=[object])(v) if v.dtype == object else v for n, v in called.items()
        }
        assert_same(called, model.predict(TEXTS, verbose=0))


@pytest.mark.parametrize("form", pair_forms(TEXTS, OTHERS))
def test_predict_on_pairs(form, trained_head):
    classifier = trained_head()
    expected = classifier.predict({"text": TEXTS, "text_pair": OTHERS}, verbose=0)
    assert np.abs(expected["logits"] - classifier.predict(TEXTS, verbose=0)["logits"]).max() > 1e-3
    assert_same(classifier.predict(pair_forms(TEXTS, OTHERS)[form], verbose=0), expected)


@pytest.mark.parametrize("form", [form for form in forms(TEXTS) if form != "dataset with labels"])
def test_fit_and_evaluate(form, fresh_classifier):
    labels = [0, 1] * 4
    given = forms(TEXTS * 2)[form]
    losses = []
    for x in (TEXTS * 2, given):
        classifier = fresh_classifier(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        classifier.model.classifier.set_weights([np.full((32, 2), 0.01), np.zeros(2)])
        classifier.compile("sgd", metrics=["accuracy"], run_eagerly=True)  # forms are told apart before any step
        if isinstance(x, tf.data.Dataset):
            x = x.unbatch() if x.element_spec != tf.TensorSpec([], tf.string) else x
            x = tf.data.Dataset.zip(x, tf.data.Dataset.from_tensor_slices(labels)).batch(8)
            losses.append((classifier.fit(x, verbose=0).history["loss"], classifier.evaluate(x, verbose=0)))
        else:
            history = classifier.fit(x, labels, batch_size=8, shuffle=False, verbose=0).history["loss"]
            losses.append((history, classifier.evaluate(x, labels, verbose=0)))
    expected, found = losses
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5)


def test_one_string_is_one_row(trained_head):
    classifier = trained_head()
    assert classifier.predict("I love the cat!", verbose=0)["score"].shape == (1,)
    assert classifier("I love the cat!")["label"].shape == (1,)


def test_generator_of_batches_through_a_dataset(trained_head):
    classifier = trained_head()
    dataset = tf.data.Dataset.from_generator(lambda: iter(TEXTS), output_signature=tf.TensorSpec([], tf.string))
    assert_same(classifier.predict(dataset, verbose=0), classifier.predict(TEXTS, verbose=0))


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
def test_wrong_input_is_refused(trained_head, given, error, message):
    classifier = trained_head()
    for verb in (classifier, classifier.predict):
        with pytest.raises(error, match=message):
            verb(given)
