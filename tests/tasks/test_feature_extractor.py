import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.pipelines.references import make_folder, references
from tfbert.tasks import FeatureExtractor, pipeline

TEXTS = ["i love the cat !", "", "a very good dog sat on the mat"]
REFERENCES = references("feature-extraction")


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    return pipeline("feature-extraction", str(make_folder(tmp_path_factory.mktemp("features"), "features")))


@pytest.fixture
def extractor(tiny_folder):
    return FeatureExtractor.from_pretrained(tiny_folder("model_gelu_l2"), padding="max_length", max_length=10)


def assert_alike(found, expected):
    """The same nesting of lists, the same numbers."""
    if isinstance(expected, list):
        assert isinstance(found, list)
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert_alike(one, other)
        return
    assert type(found[0][0][0]) is float
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", REFERENCES, ids=lambda case: case.name)
def test_outputs_are_hugging_faces(extract, case):
    texts = [value for value in case.inputs if isinstance(value, str)]
    if len(texts) == len(case.inputs):  # together in batches, as one call each would trace as many lengths
        assert_alike(extract(texts, **case.options), case.outputs)
        return
    for value, expected in zip(case.inputs, case.outputs):
        assert_alike(extract(value, **case.options), expected)


def test_pipeline_returns_tensors_if_asked_to(extract):
    lists = extract(TEXTS)
    tensors = extract(TEXTS, return_tensors=True)
    assert all(tf.is_tensor(tensor) for tensor in tensors)
    assert [tensor.shape.as_list() for tensor in tensors] == [list(np.shape(rows)) for rows in lists]
    alone = extract(TEXTS[0], return_tensors=True)
    np.testing.assert_allclose(alone, lists[0], atol=1e-5)
    (streamed,) = extract(iter(TEXTS[:1]))
    np.testing.assert_allclose(streamed, lists[0], atol=1e-5)


def test_an_option_given_twice_is_refused(extract):
    with pytest.raises(ValueError, match="`truncation` is given twice"):
        extract("a", truncation=True, tokenize_kwargs={"truncation": True})


def test_rows_are_zero_at_padding_and_do_not_depend_on_their_batch(extractor):
    extractor.run_eagerly = True
    answers = extractor.predict(TEXTS, verbose=0)
    assert answers["last_hidden_state"].shape == (3, 10, extractor.config.hidden_size)
    assert answers["attention_mask"].tolist() == [[1] * 7 + [0] * 3, [1, 1] + [0] * 8, [1] * 10]
    for row, text in enumerate(TEXTS):
        ids = extractor.tokenizer([text], padding="longest")
        states = extractor.model(ids).last_hidden_state[0].numpy()
        np.testing.assert_allclose(answers["last_hidden_state"][row, : len(states)], states, atol=1e-5)
        assert not answers["last_hidden_state"][row, len(states) :].any()


def test_ids_without_a_mask_are_all_tokens(extractor, embedder):
    ids = extractor.tokenizer(TEXTS[2:])["input_ids"]  # a text that fills its row
    for task, name in ((extractor, "last_hidden_state"), (embedder, "embedding")):
        alone, masked = task({"input_ids": ids}), task({"input_ids": ids, "attention_mask": tf.ones_like(ids)})
        np.testing.assert_allclose(alone[name], masked[name], atol=1e-6)


def test_no_texts_have_no_states(extractor):
    states = extractor({"text": tf.constant([], tf.string)})["last_hidden_state"]
    assert states.shape[::2] == (0, extractor.config.hidden_size)


def test_it_learns_targets_by_the_loss_that_it_is_given(extractor):
    targets = np.zeros([3, 10, extractor.config.hidden_size], np.float32)
    extractor.compile(keras.optimizers.Adam(1e-2), loss="mse", run_eagerly=True)
    first = extractor.evaluate(TEXTS, targets, verbose=0)
    extractor.fit(TEXTS, targets, epochs=4, verbose=0)
    assert extractor.evaluate(TEXTS, targets, verbose=0) < 0.9 * first
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, targets)).batch(3)
    assert extractor.evaluate(dataset, verbose=0) == pytest.approx(extractor.evaluate(TEXTS, targets, verbose=0))


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_without_a_loss_it_does_not_train(extractor, method):
    with pytest.raises(ValueError, match=r"compile\(optimizer, loss='mse'\)"):
        getattr(extractor, method)(TEXTS, np.zeros([3, 10, extractor.config.hidden_size]), verbose=0)


@pytest.mark.parametrize(("shape", "message"), [((3, 4), "`y` must hold"), ((3, 9, 0), "Targets must have the shape")])
def test_targets_of_another_shape_are_refused(extractor, shape, message):
    extractor.compile("sgd", loss="mse", run_eagerly=True)
    width = extractor.config.hidden_size
    with pytest.raises(ValueError, match=message):
        extractor.fit(TEXTS, np.zeros([size or width for size in shape]), verbose=0)
