"""Pretraining from raw documents: sentences, pairs, hidden words, and what a model learns of them."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_vocabulary
from tfbert import BertConfig, TFBertForPreTraining
from tfbert.layers import FastBertTokenizer
from tfbert.tasks import MaskFiller, Pretrainer, TextClassifier
from tfbert.tasks.labels.documents import read_sentences
from tfbert.tasks.labels.sentence_pairs import cut_pairs, draw_next, full_texts, sentence_pairs
from tfbert.training import BertAdamW
from tfbert.training.callbacks.epochs import Epochs

TEXTS = [["the cat sat . i love it!", "a dog ran"], ["北京 is good 。very good", "  ", "today ?"], ["not sad"]]
WORDS = [word for word in tiny_vocabulary()[5:30] if word.isalpha()]


def documents(count, seed=0):
    """Documents of one word each, so that a text tells where it is from."""
    random = np.random.default_rng(seed)
    return [[" ".join([WORDS[number % len(WORDS)]] * n) for n in random.integers(2, 9, 12)] for number in range(count)]


@pytest.fixture(scope="module")
def tokenizer():
    return FastBertTokenizer(tiny_vocabulary(), max_length=32)


def make_pretrainer(tokenizer, **options):
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=110, max_position_embeddings=32, hidden_dropout_prob=0.0, **sizes)
    return Pretrainer(TFBertForPreTraining(config), tokenizer, **options)


@pytest.fixture(scope="module")
def pretrainer(tokenizer):
    task = make_pretrainer(tokenizer)
    task.compile(BertAdamW(1e-2), metrics=task.default_metrics(), run_eagerly=True)
    return task


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("corpus.txt", TypeError, r"Received: 'corpus\.txt' as document 0. For text files write Path"),
        (["a", "b"], TypeError, r"must be lists of texts, \[\[…\], \[…\]\]"),
        ([["a", 3]], TypeError, "`documents` must hold strings only"),
        ([[]], ValueError, "Documents must hold text"),
        ({"text": ["a"]}, ValueError, "Documents must hold text"),
        (tf.data.Dataset.range(3), ValueError, r"must hold lines \(string \[\]\)"),
    ],
)
def test_what_is_no_document_is_refused(pretrainer, given, error, message):
    with pytest.raises(error, match=message):
        pretrainer.fit(given, verbose=0)


def test_a_missing_file_is_named(pretrainer, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.txt"):
        pretrainer.fit(tmp_path / "missing.txt", verbose=0)


# === Pairs ===


def cut(rows, longest, seed):
    """Segments of documents, sentences as long as they have words."""
    sentences = [sentence for row in rows for sentence in row]
    numbers = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    lengths = np.array([len(sentence.split()) for sentence in sentences], np.int32)
    parts = cut_pairs(tf.constant(sentences), tf.constant(numbers), tf.constant(lengths), longest, seed)
    return [part.numpy() for part in parts]


def test_segments_hold_all_text_in_its_order_and_about_as_many_tokens():
    rows = documents(60)
    first, second, numbers = cut(rows, 20, [3, 4])
    for number, row in enumerate(rows):
        halves = [half for pair in zip(first[numbers == number], second[numbers == number]) for half in pair]
        assert b" ".join(filter(None, halves)).decode() == " ".join(row)
    lengths = np.array([len((a + b" " + b).split()) for a, b in zip(first, second)])
    assert lengths.max() <= 20 + 8 - 1 + 8
    full = [len(" ".join(row).split()) // 20 for row in rows]
    assert np.mean(lengths) > 12
    assert np.isin([np.sum(numbers == number) for number in range(60)] - np.array(full), [0, 1]).mean() > 0.8
    assert (first != b"").all()


def test_segments_are_cut_anew_for_each_seed():
    rows = documents(60)
    cuts = [cut(rows, 20, [seed, 0])[0].tolist() for seed in (1, 2, 1)]
    assert cuts[0] == cuts[2] != cuts[1]


def test_a_tenth_of_the_documents_is_cut_short():
    rows = [["the cat"] * 100] * 400
    _, _, numbers = cut(rows, 100, [1, 1])
    counts = np.bincount(numbers)
    assert np.mean(counts > 2) == pytest.approx(0.1, abs=0.04)
    assert len(set(counts)) > 5


def test_half_of_the_second_segments_are_of_another_document():
    rows = [[f"{number} has sentence {number}.{place}" for place in range(number % 9 + 1)] for number in range(20)]
    first, second, numbers = cut(rows, 16, [5, 5])
    followers = dict(zip(first, second))
    pairs, label = draw_next(*map(tf.constant, (first, second, numbers)), [1, 2])
    text, other, label = pairs["text"].numpy(), pairs["text_pair"].numpy(), label.numpy()
    assert sorted(text) == sorted(first)
    assert text.tolist() != first.tolist()  # shuffled
    words = [[half.split()[0] for half in halves] for halves in (text, other)]
    np.testing.assert_array_equal(np.array(words[0]) != np.array(words[1]), label == 1)
    assert set(other) <= set(second[second != b""])
    assert all(followers[a] == b for a, b, is_other in zip(text, other, label) if not is_other)
    has_next = np.array([followers[a] != b"" for a in text])
    assert (label[~has_next] == 1).all()
    assert np.mean(label[has_next]) == pytest.approx(0.5, abs=0.15)


def test_every_other_document_may_follow():
    given = tf.constant(["a"] * 400), tf.constant(["b", "c", "d", ""] * 100), tf.constant([0, 1, 2, 3] * 100)
    pairs, label = draw_next(*given, [1, 3])
    chosen, counts = np.unique(pairs["text_pair"].numpy()[label.numpy() == 1], return_counts=True)
    assert chosen.tolist() == [b"b", b"c", b"d"]
    assert counts.min() > 0.6 * counts.max()


def test_one_document_is_too_few_to_begin_with_but_may_come_later(tokenizer):
    given = tf.constant(["a", "b"]), tf.constant(["c", ""]), tf.constant([7, 7], tf.int64)
    pairs, label = draw_next(*given, [1, 2])
    assert (pairs["text"].numpy().tolist(), label.numpy().tolist()) == ([b"a"], [0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="put an empty line between documents"):
        list(sentence_pairs(read_sentences([["a", "b"]]), tokenizer, Epochs(1)))


@pytest.mark.parametrize("rows", [[["a ."], ["b ."], ["the cat !"]], [["a"]], [["the cat " * 20] * 2] * 2])
def test_documents_in_which_nothing_follows_are_told_from_too_few(tokenizer, rows):
    message = "needs documents of two or more sentences that fit into `max_length` together"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        list(sentence_pairs(read_sentences(rows), tokenizer, Epochs(1)))


def test_texts_of_full_length_keep_documents_apart(tokenizer):
    rows = documents(9)
    texts = [text.decode() for text in full_texts(read_sentences(rows), tokenizer).as_numpy_iterator()]
    assert all(len(set(text.split())) == 1 for text in texts)
    assert " ".join(texts) == " ".join(" ".join(row) for row in rows)
    assert np.mean([len(text.split()) for text in texts]) > 20


# === Training ===


def test_batches_hold_both_segments_hidden_pieces_and_labels(pretrainer):
    batches = list(pretrainer.training_dataset(documents(12), batch_size=8))
    for features, labels in batches:
        ids, types = features["input_ids"].numpy(), features["token_type_ids"].numpy()
        assert (types[:, 1] == 0).all()
        assert (types.max(1) == 1).all()
        assert ((ids == 3).sum(1) == 2).all()  # two [SEP]
        assert ids.shape[1] <= 32
        hidden = tf.gather(ids, tf.maximum(features["mask_positions"], 0), batch_dims=1).numpy()
        was = labels["labels"].numpy()
        assert np.mean(hidden[was >= 0] == 4) > 0.6  # [MASK]
        for row in range(len(ids)):  # documents are of one word each
            assert (len(set(was[row][was[row] >= 0])) > 1) <= (labels["next_sentence_label"][row].numpy() == 1)


def test_epochs_differ_and_evaluation_does_not(pretrainer):
    rows, epochs = documents(6), Epochs(1)
    pairs = sentence_pairs(read_sentences(rows), pretrainer.tokenizer, epochs)
    first, again = (list(map(str, pairs.as_numpy_iterator())) for _ in range(2))
    epochs.number = 1
    assert first == again != list(map(str, pairs.as_numpy_iterator()))
    dataset = pretrainer.evaluation_dataset(rows)
    masked = [[labels["labels"].numpy().tolist() for _, labels in dataset] for _ in range(2)]
    assert masked[0] == masked[1]


@pytest.mark.slow
def test_it_learns_and_other_tasks_go_on_from_it(tokenizer, tmp_path):
    rows = documents(12)
    task = make_pretrainer(tokenizer, whole_word_masking=True)
    task.compile(BertAdamW(2e-2), metrics=task.default_metrics(), run_eagerly=True)
    history = task.fit(rows, batch_size=16, epochs=4, validation_data=(rows,), verbose=0).history
    perplexity = history["val_prediction_logits_perplexity"]
    assert perplexity[-1] < 0.5 * perplexity[0]
    assert perplexity[-1] < 30  # there are 25 words
    task.save_pretrained(tmp_path)
    again = Pretrainer.from_pretrained(tmp_path)
    assert not again.has_new_head
    texts = {"text": ["the the"], "text_pair": ["a a"]}
    np.testing.assert_allclose(again(texts)["score"], task(texts)["score"], rtol=1e-5)
    assert not MaskFiller.from_pretrained(tmp_path).has_new_head
    assert TextClassifier.from_pretrained(tmp_path).has_new_head


def test_gradients_reach_both_heads(pretrainer):
    features, labels = next(iter(pretrainer.training_dataset(documents(4))))
    with tf.GradientTape() as tape:
        outputs = pretrainer(features, training=True)
        loss = pretrainer.own_loss(labels, outputs)
    expected = [
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)(labels[name], outputs[output])
        for name, output in (("labels", "prediction_logits"), ("next_sentence_label", "seq_relationship_logits"))
    ]
    assert float(loss) == pytest.approx(float(sum(expected)), rel=1e-5)
    assert all(gradient is not None for gradient in tape.gradient(loss, pretrainer.trainable_variables))


def test_a_loaded_archive_trains_on(pretrainer, tmp_path):
    task = make_pretrainer(pretrainer.tokenizer, whole_word_masking=True)
    task.save(tmp_path / "task.keras")
    assert keras.models.load_model(tmp_path / "task.keras").whole_word_masking


def test_labels_and_weights_are_refused(pretrainer):
    with pytest.raises(ValueError, match="neither labels nor weights"):
        pretrainer.fit(TEXTS, [0, 1, 0], verbose=0)
    with pytest.raises(ValueError, match="`whole_word_masking` must be True or False"):
        make_pretrainer(pretrainer.tokenizer, whole_word_masking="yes")


def test_a_stream_is_read_no_further_than_it_is_needed(tokenizer, monkeypatch):
    monkeypatch.setattr("tfbert.tasks.labels.sentence_pairs.WINDOW", 16)
    monkeypatch.setattr("tfbert.tasks.labels.documents.WINDOW", 64)
    lines = itertools.cycle(["the cat", "a dog", "", "i love"])
    stream = tf.data.Dataset.from_generator(lambda: lines, output_signature=tf.TensorSpec([], tf.string))
    assert len(list(sentence_pairs(read_sentences(stream), tokenizer, Epochs(1)).take(3))) == 3


def test_an_export_keeps_the_weights_that_no_signature_reads(tokenizer, tmp_path):
    task = make_pretrainer(tokenizer)
    reopened = TFBertForPreTraining.from_pretrained(task.export(tmp_path / "1"))
    ids = np.array([[5, 6, 7]])
    np.testing.assert_allclose(reopened(ids).prediction_logits, task.model(ids).prediction_logits, atol=1e-6)
