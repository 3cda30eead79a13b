from itertools import chain

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.tasks.conftest import NEGATIVE, POSITIVE
from tfbert.tasks import MaskFiller, TextClassifier, TokenClassifier
from tfbert.tasks.base.text_dataset import arrays_dataset, grouped_by_length
from tfbert.training import BertAdamW
from tfbert.training.callbacks.epochs import Epochs

TEXTS = [*POSITIVE, *NEGATIVE]
LABELS = ["good"] * len(POSITIVE) + ["bad"] * len(NEGATIVE)


class Batches(keras.utils.PyDataset):
    """Rows of texts and labels in batches of three."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.epochs = 0

    def __len__(self):
        return 4

    def __getitem__(self, index):
        rows = slice(3 * index, 3 * index + 3)
        return TEXTS[rows], LABELS[rows]

    def on_epoch_end(self):
        self.epochs += 1


@pytest.fixture(scope="module")
def classifier(module_folder):
    """A classifier whose labels have names."""
    model = TextClassifier.from_pretrained(module_folder("model_gelu_l2"), id2label={0: "bad", 1: "good"})
    model.compile(BertAdamW(1e-3), metrics=["accuracy"], run_eagerly=True)
    return model


@pytest.fixture
def new_head(module_folder):
    """A classifier whose labels nobody has named."""
    model = TextClassifier.from_pretrained(module_folder("model_gelu_l2"))
    model.compile(BertAdamW(1e-3), run_eagerly=True)
    return model


def generated():
    for index in range(0, 10, 3):
        yield TEXTS[index : index + 3], LABELS[index : index + 3], np.ones(len(TEXTS[index : index + 3]))


def order_of(dataset):
    return [batch.numpy().tolist() for batch in dataset.map(lambda columns: columns["text"])]


class TestOrder:
    rows = ({"text": tf.constant([str(index) for index in range(10)])}, None, None)

    def test_every_epoch_has_another_order_which_its_number_decides(self):
        epochs = Epochs(seed=3)
        dataset = arrays_dataset(self.rows, 4, epochs)
        first = order_of(dataset)
        epochs.number = 1
        second = order_of(dataset)
        assert first != second
        assert sorted(chain(*first)) == sorted(chain(*second))
        assert [len(batch) for batch in first] == [4, 4, 2]
        assert int(dataset.cardinality()) == 3
        epochs.number = 0
        assert order_of(dataset) == first
        assert order_of(arrays_dataset(self.rows, 4, Epochs(seed=4))) != first

    def test_without_epochs_the_order_is_that_of_the_rows(self):
        assert list(chain(*order_of(arrays_dataset(self.rows, 4)))) == [str(index).encode() for index in range(10)]

    def test_batches_of_like_length(self):
        lengths = np.random.default_rng(0).integers(1, 500, 1003)
        order = tf.random.experimental.stateless_shuffle(tf.range(1003), [1, 2])
        grouped = grouped_by_length(order, tf.constant(lengths, tf.int32), 8, tf.constant([1, 2], tf.int64)).numpy()
        assert sorted(grouped) == list(range(1003))

        def spread(rows):
            batches = lengths[rows[:1000]].reshape(-1, 8)
            return (batches.max(axis=1) - batches.min(axis=1)).mean()

        assert spread(grouped) < 0.05 * spread(order.numpy())
        firsts = lengths[grouped[:1000]].reshape(-1, 8)[:, 0]
        assert abs(np.corrcoef(firsts, np.arange(125))[0, 1]) < 0.3, "batches come in the order of their lengths"

    @pytest.mark.parametrize("count", [0, 1, 7, 8, 9])
    def test_few_rows_have_their_batches(self, count):
        order = tf.range(count)
        lengths = tf.zeros([count], tf.int32)
        grouped = grouped_by_length(order, lengths, 8, tf.constant([1, 2], tf.int64))
        assert sorted(grouped.numpy()) == list(range(count))


class TestSources:
    def test_a_generator(self, classifier):
        history = classifier.fit(generated(), verbose=0).history
        expected = classifier.evaluate(TEXTS, LABELS, verbose=0)
        assert len(history["loss"]) == 1
        assert classifier.evaluate(generated(), verbose=0) == pytest.approx(expected, abs=1e-5)

    @pytest.mark.parametrize("workers", [1, 3])
    def test_a_pydataset(self, classifier, workers):
        batches = Batches(workers=workers, max_queue_size=2)
        classifier.fit(batches, epochs=2, verbose=0)
        assert batches.epochs == 2
        expected = classifier.evaluate(TEXTS, LABELS, verbose=0)
        assert classifier.evaluate(Batches(workers=workers), verbose=0) == pytest.approx(expected, abs=1e-5)

    def test_batches_of_a_pydataset_are_shuffled(self, classifier):
        def labels_of(**options):
            dataset = classifier.training_dataset(Batches(), **options)
            return [labels.numpy().tolist() for _, labels in dataset]

        np.random.seed(1)
        one = labels_of()
        assert one != labels_of(shuffle=False)
        assert sorted(one) == sorted(labels_of(shuffle=False))

    def test_a_pydataset_names_the_labels(self, new_head):
        new_head.fit(Batches(), verbose=0)
        assert new_head.config.id2label == {0: "bad", 1: "good"}

    def test_a_pydataset_of_spans_names_the_labels(self, module_folder):
        class Spans(keras.utils.PyDataset):
            def __len__(self):
                return 2

            def __getitem__(self, index):
                return ["the cat is here"], [[{"start": 4, "end": 7, "label": "PET" if index else "CAT"}]]

        tagger = TokenClassifier.from_pretrained(module_folder("model_gelu_l2"))
        tagger.compile(BertAdamW(1e-3), run_eagerly=True)
        tagger.fit(Spans(), verbose=0)
        assert list(tagger.config.label2id) == ["B-CAT", "B-PET", "I-CAT", "I-PET", "O"]

    def test_a_generator_cannot_name_them(self, new_head):
        with pytest.raises(ValueError, match=r"cannot be searched for its labels\. Name them"):
            new_head.fit(generated(), verbose=0)

    def test_an_endless_generator_needs_steps(self, classifier):
        def endless():
            while True:
                yield from generated()

        classifier.fit(endless(), steps_per_epoch=3, epochs=2, verbose=0)
        assert len(classifier.history.history["loss"]) == 2

    @pytest.mark.parametrize(
        ("fit", "message"),
        [
            (lambda model: model.fit(iter([])), "`x` is empty"),
            (lambda model: model.fit(Batches(), LABELS), "leave out `y`"),
            (lambda model: model.fit(iter([(["a", "b"], ["good"])])), "`y` must have one entry for each text, 2"),
            (lambda model: model.fit(iter([(["a"], ["ugly"])])), "Unknown label 'ugly' at row 0"),
            (lambda model: model.fit(Batches(), group_by_length=True), "`group_by_length` needs arrays"),
            (lambda model: model.fit(Batches(), validation_split=0.5), "`validation_split` needs arrays"),
            (lambda model: model.fit(TEXTS, LABELS, group_by_length="yes"), "`group_by_length` must be True or False"),
        ],
    )
    def test_wrong_use(self, classifier, fit, message):
        with pytest.raises(ValueError, match=message):
            fit(classifier)


class TestCompiled:
    @pytest.mark.slow
    def test_steps_compile_on_few_lengths(self, module_folder):
        texts = ["the cat " * count for count in (1, 3, 9, 9, 2, 12, 1, 1)]
        losses = []
        for jit_compile in (False, True):
            keras.utils.set_random_seed(5)
            folder, options = module_folder("model_gelu_l2"), {"id2label": {0: "bad", 1: "good"}}
            options |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}  # depends on the padding
            model = TextClassifier.from_pretrained(folder, **options)
            model.compile(BertAdamW(1e-3), jit_compile=jit_compile, run_eagerly=not jit_compile)
            assert model.jit_compile is jit_compile
            lengths = {features["input_ids"].shape[1] for features, _ in model.training_dataset(texts, [0, 1] * 4)}
            assert not jit_compile or lengths <= {16, 32}
            history = model.fit(texts, [0, 1] * 4, batch_size=4, epochs=2, shuffle=False, verbose=0).history
            losses.append(history["loss"])
        assert losses[0] == pytest.approx(losses[1], abs=1e-4)
        assert model.predict(["the cat"], verbose=0)["label"][0] in ("bad", "good")

    def test_rates_stand_in_the_logs(self, classifier):
        class Logs(keras.callbacks.Callback):
            seen = []

            def on_train_batch_end(self, batch, logs=None):
                self.seen.append(dict(logs))

        history = classifier.fit(TEXTS, LABELS, batch_size=3, verbose=0, callbacks=Logs()).history
        assert "texts/s" not in Logs.seen[0]  # spent on tracing
        assert Logs.seen[1]["texts/s"] > 0
        tokens = history["tokens/s"][0] / history["texts/s"][0]
        assert 4 < tokens < 8


class TestLengths:
    """What Keras makes of data whose length it knows, does not know, or that are over."""

    @pytest.mark.parametrize("form", ["list", "generator"])
    def test_no_step_is_taken_beyond_the_end(self, module_folder, form):
        model = TextClassifier.from_pretrained(module_folder("model_gelu_l2"), id2label={0: "bad", 1: "good"})
        model.compile(BertAdamW(1e-30, weight_decay=1e29))  # halves weights in four or five steps, and nothing else
        table = model.model.bert.embeddings.weight
        before = np.abs(np.asarray(table)).sum()
        data = (TEXTS, LABELS) if form == "list" else (generated(),)
        model.fit(*data, batch_size=3, verbose=0)
        assert np.abs(np.asarray(table)).sum() == pytest.approx(0.9**4 * before, rel=1e-3)
        assert int(model.optimizer.iterations) == 4

    def test_hidden_words_come_in_known_numbers(self, module_folder):
        filler = MaskFiller.from_pretrained(module_folder("model_gelu_l2"))
        assert int(filler.training_dataset(TEXTS, batch_size=3).cardinality()) == 4

    def test_a_generator_is_run_through_once(self, classifier):
        with pytest.raises(ValueError, match="run through once, but there are 2 epochs"):
            classifier.fit(generated(), epochs=2, verbose=0)

    @pytest.mark.parametrize("steps", [None, 2])
    def test_validation_batches_are_the_same_in_every_epoch(self, classifier, steps):
        history = classifier.fit(
            TEXTS, LABELS, epochs=2, verbose=0, validation_data=generated(), validation_steps=steps
        ).history
        assert min(history["val_loss"]) > 0

    def test_columns_of_a_frame_have_names(self, classifier):
        pairs = {"text": TEXTS, "text_pair": TEXTS[::-1]}
        frame = pd.DataFrame(pairs)[["text_pair", "text"]]
        assert classifier.evaluate(frame, LABELS, verbose=0) == classifier.evaluate(pairs, LABELS, verbose=0)
        with pytest.raises(ValueError, match="Received the keys: \\['label', 'text'\\]"):
            classifier.fit(pd.DataFrame({"label": LABELS, "text": TEXTS}), LABELS)
