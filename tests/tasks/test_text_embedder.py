import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.tasks import TextEmbedder, pipeline

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
    assert (again.pooling, again.normalize, again.tokenizer.max_length) == ("cls", False, 20)
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


@pytest.mark.slow
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
        (lambda e: e.predict([], verbose=0), "empty list"),
    ],
)
def test_wrong_use_is_refused(embedder, act, message):
    with pytest.raises(ValueError, match=message):
        act(embedder)


def test_max_length_beyond_the_position_table_is_refused(tiny_folder):
    with pytest.raises(ValueError, match="48 position embeddings"):
        TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"), max_length=64)


PROMPTS = {"query": "the question is : ", "document": "text:"}


@pytest.fixture
def rich_embedder(tiny_folder):
    """A TextEmbedder with everything that a sentence-transformers folder may hold."""
    bare = TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"))
    layers = [keras.layers.Dense(12, "tanh"), keras.layers.Dense(6, use_bias=False)]
    options = {"prompts": PROMPTS, "prompt_name": "query", "include_prompt": False, "similarity_fn_name": "dot"}
    return TextEmbedder(bare.model, bare.tokenizer, pooling=["weightedmean", "cls"], dense=layers, **options)


def vectors_of(embedder, texts=TEXTS):
    return embedder(texts)["embedding"].numpy()


def test_folder_keeps_dense_layers_and_prompts(rich_embedder, tmp_path):
    rich_embedder.save_pretrained(tmp_path)
    read = {path: json.loads((tmp_path / path).read_text()) for path in ("modules.json", "2_Dense/config.json")}
    assert [module["path"] for module in read["modules.json"]] == ["", "1_Pooling", "2_Dense", "3_Dense", "4_Normalize"]
    assert read["2_Dense/config.json"] == {
        "in_features": 2 * rich_embedder.config.hidden_size,
        "out_features": 12,
        "bias": True,
        "activation_function": "torch.nn.modules.activation.Tanh",
    }
    again = TextEmbedder.from_pretrained(tmp_path)
    assert again.options() == rich_embedder.options()
    assert again.embedding_size == 6
    np.testing.assert_array_equal(vectors_of(again), vectors_of(rich_embedder))


def test_keras_archive_keeps_dense_layers_and_prompts(rich_embedder, tmp_path):
    rich_embedder.save(tmp_path / "embedder.keras")
    again = keras.models.load_model(tmp_path / "embedder.keras")
    np.testing.assert_array_equal(vectors_of(again), vectors_of(rich_embedder))


def test_dense_layers_are_trained(rich_embedder):
    before = [layer.kernel.numpy() for layer in rich_embedder.dense]
    rich_embedder.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    rich_embedder.fit([("the cat", "a dog"), ("good", "bad")], [0.9, -0.5], epochs=1, verbose=0)
    for layer, kernel in zip(rich_embedder.dense, before):
        assert np.abs(layer.kernel - kernel).max() > 1e-3


def test_served_ids_hold_the_prompt(rich_embedder):
    ids = rich_embedder.ids_of({"text": tf.constant(TEXTS)})
    np.testing.assert_array_equal(
        ids["input_ids"], rich_embedder.tokenizer([PROMPTS["query"] + text for text in TEXTS])["input_ids"]
    )
    np.testing.assert_array_equal(rich_embedder(ids)["embedding"], vectors_of(rich_embedder))


def test_the_prompt_asked_for_last_wins(rich_embedder):
    own = rich_embedder.with_options(prompt="very ")
    named = own.with_options(prompt_name="document")
    none = named.with_options(prompt="")
    found = [task.prompt_text for task in (rich_embedder, own, named, none)]
    assert found == [PROMPTS["query"], "very ", "text:", ""]
    assert none.prompt_length == 0
    assert [id(layer) for layer in named.dense] == [id(layer) for layer in rich_embedder.dense]
    assert not np.allclose(vectors_of(none), vectors_of(own))


@pytest.mark.parametrize("include_prompt", [True, False])
def test_vectors_do_not_depend_on_the_side_of_padding_or_the_batch(tiny_folder, include_prompt):
    modes = "cls+max+mean+mean_sqrt_len_tokens+weightedmean+lasttoken"
    options = {"pooling": modes, "normalize": False, "prompt": "the ", "include_prompt": include_prompt}
    embedder = TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"), **options)
    right = vectors_of(embedder)
    assert right.shape == (3, 6 * embedder.config.hidden_size)
    alone = np.concatenate([vectors_of(embedder, [text]) for text in TEXTS])
    np.testing.assert_allclose(alone, right, atol=1e-5)
    ids = embedder.with_options(padding_side="left").ids_of({"text": tf.constant(TEXTS)})
    places = tf.maximum(tf.cumsum(ids["attention_mask"], axis=1) - 1, 0)
    left = embedder.forward({**ids, "position_ids": places}, training=False)["embedding"]
    np.testing.assert_allclose(left, right, atol=1e-5)


def test_a_case_that_the_folder_wants_lowered_is_lowered(tiny_folder, tmp_path):
    cased = TextEmbedder.from_pretrained(tiny_folder("model_gelu_l2"), do_lower_case=False)
    cased.save_pretrained(tmp_path)
    assert not np.allclose(vectors_of(cased, ["the cat"]), vectors_of(cased, ["THE Cat"]))
    path = tmp_path / "sentence_bert_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "do_lower_case": True}))
    lowered = TextEmbedder.from_pretrained(tmp_path)
    np.testing.assert_array_equal(vectors_of(lowered, ["THE Cat"]), vectors_of(cased, ["the cat"]))
    np.testing.assert_array_equal(vectors_of(lowered, ["CAFÉ"]), vectors_of(cased, ["café"]))


def test_no_texts_have_no_vectors(rich_embedder):
    rich_embedder.run_eagerly = True
    assert vectors_of(rich_embedder, tf.constant([], tf.string)).shape == (0, 6)
    nothing = rich_embedder.predict(tf.data.Dataset.from_tensor_slices(TEXTS).batch(2).take(0), verbose=0)
    assert nothing["embedding"].shape == (0, 6)


def test_texts_and_vectors_are_compared_alike(embedder):
    vectors = embedder.predict(TEXTS, verbose=0)["embedding"]
    matrix = embedder.similarity(TEXTS, vectors)
    np.testing.assert_allclose(matrix, vectors @ vectors.T, atol=1e-6)
    np.testing.assert_allclose(embedder.similarity_pairwise(vectors, TEXTS), np.ones(3), atol=1e-6)
    found = embedder.search("Café déjà vu 北京", TEXTS, top_k=2)
    by_vectors = embedder.search(vectors[1], vectors, top_k=2)
    for one, other in zip(found[0], by_vectors[0], strict=True):
        assert one["corpus_id"] == other["corpus_id"]
        assert one["score"] == pytest.approx(other["score"], abs=1e-6)
    assert [len(row) for row in found] == [2]
    assert found[0][0] == {"corpus_id": 1, "score": pytest.approx(1, abs=1e-6)}
    far = embedder.with_options(similarity_fn_name="euclidean").similarity(TEXTS, vectors)
    np.testing.assert_allclose(far, -np.sqrt(np.maximum(2 - 2 * matrix, 0)), atol=2e-3)


def test_pipeline_embeds_and_compares(embedder):
    embed = pipeline(model=embedder)
    vectors = embed(TEXTS)
    assert vectors == embedder.predict(TEXTS, verbose=0)["embedding"].tolist()
    np.testing.assert_allclose(embed(TEXTS[0]), vectors[0], atol=1e-6)
    np.testing.assert_allclose(embed({"text": TEXTS[0]}), vectors[0], atol=1e-6)
    asked = {"source_sentence": TEXTS[0], "sentences": TEXTS[1:]}
    cosines = embedder.similarity(vectors[:1], vectors[1:])[0]
    np.testing.assert_allclose(embed(asked), cosines, atol=1e-6)
    assert embed({"source_sentence": "a", "sentences": []}) == []
    mixed = embed(iter(["a", asked, asked, "a"]), batch_size=2)
    alone, first, second, last = mixed
    np.testing.assert_allclose([first, second], [cosines, cosines], atol=1e-6)
    np.testing.assert_allclose(alone, last, atol=1e-6)


@pytest.mark.parametrize(
    "given", [{"source_sentence": "a"}, {"source_sentence": "a", "sentences": "b"}, {"text": "a", "text_pair": "b"}]
)
def test_pipeline_says_how_sentences_are_compared(embedder, given):
    with pytest.raises(ValueError, match="To compare sentences write"):
        pipeline(model=embedder)(given)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"pooling": "median"}, ValueError, "`pooling` must be one of"),
        ({"pooling": "mean+mean"}, ValueError, "`pooling` must be one of"),
        ({"prompt_name": "passage"}, ValueError, r"`prompt_name` must be one of \[None, 'query', 'document'\]"),
        ({"truncate_dim": 0}, ValueError, "`truncate_dim`"),
        ({"normalize": "yes"}, ValueError, "`normalize` must be True or False"),
        ({"similarity_fn_name": "cos"}, ValueError, "`similarity_fn_name` must be one of"),
        ({"pooling": "mean"}, ValueError, "Choose the pooling that it was trained with"),
        ({"top_k": 1}, TypeError, "has no option 'top_k'"),
    ],
)
def test_wrong_options_are_refused(rich_embedder, options, error, message):
    with pytest.raises(error, match=message):
        rich_embedder.with_options(**options)


def test_other_layers_are_no_dense_ones(embedder):
    with pytest.raises(TypeError, match=r"keras\.layers\.Dense"):
        TextEmbedder(embedder.model, embedder.tokenizer, dense=[keras.layers.Dropout(0.5)])
