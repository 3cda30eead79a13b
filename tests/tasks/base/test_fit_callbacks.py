"""Callbacks and sources that Keras calls in a `fit` on text."""

import keras
import pytest

from tfbert.training import BertAdamW, LinearWarmup

TEXTS = ["i love the cat", "i hate the cat", "good dog", "bad dog"]
NAMES = ["good", "bad", "good", "bad"]


class Batches(keras.utils.PyDataset):
    """Two batches of two rows that note what is asked of them."""

    def __init__(self):
        super().__init__()
        self.log = []

    def __len__(self):
        return 2

    def __getitem__(self, index):
        self.log.append(index)
        return TEXTS[2 * index : 2 * index + 2], NAMES[2 * index : 2 * index + 2]

    def on_epoch_begin(self):
        self.log.append("begin")

    def on_epoch_end(self):
        self.log.append("end")

    def epochs(self):
        """Return what was noted from the first epoch on."""
        return self.log[self.log.index("begin") :]


@pytest.fixture
def classifier(fresh_classifier):
    model = fresh_classifier(id2label={0: "bad", 1: "good"})
    model.compile(BertAdamW(1e-3), run_eagerly=True)
    return model


class TestSources:
    def test_they_learn_of_epochs(self, classifier):
        trained_on, tested_on = Batches(), Batches()
        classifier.fit(trained_on, validation_data=tested_on, epochs=2, shuffle=False, verbose=0)
        assert trained_on.epochs() == tested_on.epochs() == ["begin", 0, 1, "end"] * 2

    def test_they_learn_of_epochs_that_end_before_the_data(self, classifier):
        batches = Batches()
        classifier.fit(batches, epochs=2, steps_per_epoch=1, verbose=0)
        assert [word for word in batches.log if isinstance(word, str)] == ["begin", "end"] * 2

    def test_they_learn_of_evaluations(self, classifier):
        batches = Batches()
        classifier.evaluate(batches, verbose=0)
        assert batches.epochs() == ["begin", 0, 1, "end"]


class TestLearningRate:
    def test_callbacks_set_it_where_fit_compiles(self, fresh_classifier):
        plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=100.0)
        schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 4e-4 if epoch == 0 else rate)
        classifier = fresh_classifier(id2label={0: "bad", 1: "good"})
        rates = classifier.fit(TEXTS, NAMES, epochs=3, verbose=0, callbacks=[schedule, plateau]).history[
            "learning_rate"
        ]
        assert rates == pytest.approx([4e-4, 4e-4, 2e-4])
        assert float(classifier.optimizer.learning_rate) == pytest.approx(1e-4)

    @pytest.mark.parametrize(
        "callback",
        [
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate),
            [keras.callbacks.ReduceLROnPlateau("loss")],
        ],
    )
    def test_callbacks_are_refused_beside_a_schedule(self, classifier, callback):
        classifier.compile(BertAdamW(LinearWarmup(1e-3, total_steps=3)), run_eagerly=True)
        with pytest.raises(ValueError, match=r"LinearWarmup sets in every step. Write compile\(optimizer=BertAdamW"):
            classifier.fit(TEXTS, NAMES, verbose=0, callbacks=callback)
        assert int(classifier.optimizer.iterations) == 0
