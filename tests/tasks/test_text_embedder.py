import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks import TextEmbedder

TEXTS = ["I love the cat!", "Café déjà vu 北京", ""]


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
@pytest.mark.parametrize("normalize", [True, False])
def test_vectors_are_pooled_hidden_states(tiny_folder, pooling, normalize):
    embedder = TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"), pooling=pooling, normalize=normalize)
    vectors = embedder.predict(TEXTS, verbose=0)["embedding"]
    for text, vector in zip(TEXTS, vectors):
        states = embedder.model(embedder.tokenizer([text])).last_hidden_state[0].numpy()  # no padding alone
        expected = {"mean": states.mean(0), "cls": states[0], "max": states.max(0)}[pooling]
        expected = expected / np.linalg.norm(expected) if normalize else expected
        np.testing.assert_allclose(vector, expected, atol=1e-5)


def test_folder_round_trip_keeps_pooling_and_length(tiny_folder, tmp_path):
    embedder = TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"), pooling="cls", normalize=False, max_length=20)
    embedder.save_pretrained(tmp_path / "saved")
    modules = json.loads((tmp_path / "saved" / "modules.json").read_text())
    assert [module["type"].rpartition(".")[2] for module in modules] == ["Transformer", "Pooling"]
    again = TextEmbedder.from_pretrained(tmp_path / "saved")
    assert (again.pooling.pooling, again.pooling.normalize, again.tokenizer.max_length) == ("cls", False, 20)
    np.testing.assert_array_equal(
        again.predict(TEXTS, verbose=0)["embedding"], embedder.predict(TEXTS, verbose=0)["embedding"]
    )


def test_max_seq_length_of_the_folder_wins_over_the_tokenizers(tiny_folder, tmp_path):
    folder = tiny_folder("model_gelu_l2")
    TextEmbedder.from_pretrained(folder, max_length=17).save_pretrained(tmp_path / "saved")
    config = json.loads((tmp_path / "saved" / "tokenizer_config.json").read_text())
    assert config["model_max_length"] == 17
    (tmp_path / "saved" / "tokenizer_config.json").write_text(json.dumps({**config, "model_max_length": 40}))
    assert TextEmbedder.from_pretrained(tmp_path / "saved").tokenizer.max_length == 17
    assert TextEmbedder.from_pretrained(tmp_path / "saved", max_length=30).tokenizer.max_length == 30


def test_keras_archive_answers_alike(embedder, tmp_path):
    embedder.save(tmp_path / "embedder.keras")
    again = keras.models.load_model(tmp_path / "embedder.keras")
    np.testing.assert_array_equal(
        again.predict(TEXTS, verbose=0)["embedding"], embedder.predict(TEXTS, verbose=0)["embedding"]
    )


def test_saved_model_answers_alike(embedder, tmp_path):
    path = embedder.export(tmp_path / "embedder" / "1")
    loaded = tf.saved_model.load(str(path))
    vectors = loaded.signatures["serving_default"](text=tf.constant(TEXTS))["embedding"]
    expected = embedder.predict(TEXTS, verbose=0)["embedding"]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    ids = loaded.signatures["tokenize"](text=tf.constant(TEXTS))
    np.testing.assert_allclose(loaded.signatures["ids"](**ids)["embedding"], expected, atol=1e-6)


def test_pairs_with_similarities_pull_vectors_together_or_apart(embedder):
    pairs = {"text": ["the cat", "a good dog"] * 4, "text_pair": ["i hate you", "the happy dog"] * 4}
    similarities = [-0.5, 0.9] * 4
    embedder.compile(keras.optimizers.Adam(1e-2))
    history = embedder.fit(pairs, similarities, epochs=20, batch_size=4, verbose=0).history["loss"]
    assert history[-1] < 0.3 * history[0]
    assert embedder.evaluate(pairs, similarities, verbose=0) < 0.3 * history[0]
    first = embedder.predict(pairs["text"][:2], verbose=0)["embedding"]
    second = embedder.predict(pairs["text_pair"][:2], verbose=0)["embedding"]
    cosines = (first * second).sum(1)
    assert cosines[0] < 0.1
    assert cosines[1] > 0.6


def test_fit_takes_rows_and_datasets_of_pairs(embedder):
    rows, similarities = [("the cat", "a dog"), ("good", "bad")] * 2, [0.5, 0.0] * 2
    losses = []
    for data in ((rows, similarities), (tf.data.Dataset.from_tensor_slices((rows, similarities)),)):
        losses.append(embedder.evaluate(*data, verbose=0))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda e: e.predict({"text": ["a"], "text_pair": ["b"]}, verbose=0), "embed each column"),
        (lambda e: e.fit(["a"], [0.5], verbose=0), "trains on pairs"),
        (lambda e: e.fit([("a", "b")], [1.5], verbose=0), "from -1 to 1"),
        (lambda e: e.fit([("a", "b")], verbose=0), "`y` is missing"),
        (lambda e: e.predict([], verbose=0), "empty list"),
    ],
)
def test_wrong_use_is_refused(embedder, act, message):
    with pytest.raises(ValueError, match=message):
        act(embedder)


def test_max_length_beyond_the_position_table_is_refused(tiny_folder):
    with pytest.raises(ValueError, match="48 position embeddings"):
        TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"), max_length=64)
