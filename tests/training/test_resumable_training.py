import json

import keras
import numpy as np
import pytest

from tests.tasks.conftest import NEGATIVE, POSITIVE
from tfbert import TFBertForSequenceClassification
from tfbert.tasks import TextClassifier
from tfbert.tasks.base.text_trainer import TextTrainer
from tfbert.training import BertAdamW, LinearWarmup, ResumableTraining

TEXTS = [*POSITIVE, *NEGATIVE]
LABELS = ["good"] * len(POSITIVE) + ["bad"] * len(NEGATIVE)


class Killed(Exception):
    """What stands for SIGKILL here; examples of real ones are in tests/cli."""


class KillAt(keras.callbacks.Callback):
    """Ends a training after so many batches, wherever that is."""

    def __init__(self, batches):
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch, logs=None):
        self.left -= bool(logs)
        if self.left == 0:
            raise Killed


class KillInValidation(keras.callbacks.Callback):
    """Ends a training in the validation after its second epoch."""

    def __init__(self):
        super().__init__()
        self.left = 2

    def on_test_begin(self, logs=None):
        self.left -= 1
        if self.left == 0:
            raise Killed


@pytest.fixture
def backup(tmp_path):
    return tmp_path / "backup"


@pytest.fixture
def train(tiny_folder):
    """Return a function that makes a classifier with dropout and trains it for three epochs of three batches."""

    def run(*callbacks, texts=TEXTS, names=("bad", "good"), optimizer=None, steps_per_execution=1, **options):
        keras.utils.set_random_seed(7)
        model = TextClassifier.from_pretrained(
            tiny_folder("model_gelu_l2"), hidden_dropout_prob=0.1, id2label=dict(enumerate(names))
        )
        options = {"batch_size": 4, "epochs": 3, "verbose": 0, **options}
        steps = options["epochs"] * -(-len(texts) // options["batch_size"])
        model.compile(
            optimizer or BertAdamW(LinearWarmup(1e-3, total_steps=steps)),
            metrics=["accuracy"],
            run_eagerly=True,
            steps_per_execution=steps_per_execution,
        )
        labels = [names[label == "good"] for label in LABELS[: len(texts)]]
        history = model.fit(texts, labels, callbacks=list(callbacks), **options)
        return model.get_weights(), history.history

    return run


@pytest.fixture
def whole(train):
    return train()


@pytest.mark.parametrize("batches", [1, 5, 8])
def test_a_killed_training_ends_with_the_same_weights(train, backup, whole, batches):
    with pytest.raises(Killed):
        train(ResumableTraining(backup, save_freq=2), KillAt(batches))
    weights, history = train(ResumableTraining(backup, save_freq=2))
    for expected, found in zip(whole[0], weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert (batches > 6) or history["loss"][-1] == whole[1]["loss"][-1]  # else the last epoch was begun before
    assert not list(backup.iterdir())


@pytest.mark.slow
def test_it_is_killed_again_and_again(train, backup, whole):
    for batches in (3, 2, 2, 1):  # the first one before the end of an epoch is noted
        with pytest.raises(Killed):
            train(ResumableTraining(backup, save_freq=1), KillAt(batches))
    weights, _ = train(ResumableTraining(backup, save_freq=1))
    assert all(np.array_equal(found, expected) for expected, found in zip(whole[0], weights, strict=True))


@pytest.mark.slow
def test_keras_own_callback_resumes_epochs(train, backup, whole):
    with pytest.raises(Killed):
        train(keras.callbacks.BackupAndRestore(backup), KillAt(6))
    weights, history = train(keras.callbacks.BackupAndRestore(backup))
    assert history["loss"] == pytest.approx(whole[1]["loss"][1:], abs=1e-6)
    for expected, found in zip(whole[0], weights, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.slow
def test_several_steps_at_a_time_killed_in_validation(train, backup):
    options = {"steps_per_execution": 2, "validation_data": (TEXTS[:4], LABELS[:4])}  # the second step of two is short
    expected, _ = train(**options)
    with pytest.raises(Killed):
        train(ResumableTraining(backup, save_freq=2), KillInValidation(), **options)
    weights, _ = train(ResumableTraining(backup, save_freq=2), **options)
    for one, other in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize(("save_freq", "batches"), [(1, 3), ("epoch", 3)])
def test_epochs_that_end_before_the_data_go_on_behind(train, backup, save_freq, batches):
    options = {"texts": TEXTS[:8], "batch_size": 2, "steps_per_epoch": 2, "epochs": 4}  # twice through the data
    expected, _ = train(**options)
    with pytest.raises(Killed):
        train(ResumableTraining(backup, save_freq), KillAt(batches), **options)
    weights, _ = train(ResumableTraining(backup, save_freq), **options)
    for one, other in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_another_training_is_refused_and_the_difference_named(train, backup):
    with pytest.raises(Killed):
        train(ResumableTraining(backup), KillAt(6))
    for change, difference in (
        (
            {"texts": TEXTS[:4]},
            "optimizer.learning_rate.config.total_steps was 9, is 3; batches of an epoch was 3, is 1",
        ),
        ({"epochs": 4}, r"total_steps was 9, is 12"),
        ({"optimizer": BertAdamW(LinearWarmup(2e-3, total_steps=9))}, r"config.peak was 0.001, is 0.002"),
        ({"optimizer": keras.optimizers.SGD(1e-3)}, "optimizer.class was 'BertAdamW', is 'SGD'"),
        ({"texts": TEXTS[::-1]}, "checksum of the first rows was"),
        ({"names": ("poor", "great")}, r"labels was \['bad', 'good'\], is \['poor', 'great'\]"),
        (
            {"batch_size": 5, "optimizer": BertAdamW(LinearWarmup(1e-3, total_steps=9))},
            "batches of an epoch was 3, is 2; batch_size was 4, is 5",
        ),
        ({"class_weight": {"bad": 2.0}}, "class_weight"),
    ):
        with pytest.raises(ValueError, match=rf"backup of another training: .*{difference}.* a folder of its own"):
            train(ResumableTraining(backup), **change)
    assert (backup / "training_state.npz").is_file()


@pytest.mark.slow
def test_more_epochs_may_follow_where_the_rate_does_not_depend_on_them(train, backup):
    expected, _ = train(optimizer=BertAdamW(1e-3))
    with pytest.raises(Killed):
        train(ResumableTraining(backup), KillAt(4), optimizer=BertAdamW(1e-3), epochs=2)
    weights, _ = train(ResumableTraining(backup), optimizer=BertAdamW(1e-3), epochs=3)
    for one, other in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_models_of_others_are_refused(backup):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(TypeError, match=r"needs a model or a task of tfbert. Write keras.callbacks.BackupAndRestore"):
        model.fit(np.ones((2, 1)), np.ones(2), verbose=0, callbacks=[ResumableTraining(backup)])


def test_what_is_no_backup_is_refused(train, backup):
    backup.mkdir()
    (backup / "training_state.npz").write_bytes(b"not a backup")
    with pytest.raises(ValueError, match="is no backup of a training"):
        train(ResumableTraining(backup))


def test_a_full_disk_leaves_the_backup_before_it(train, backup, monkeypatch):
    callback = ResumableTraining(backup)
    save, calls = np.savez, []

    def full(file, **arrays):
        calls.append(1)
        if len(calls) == 2:
            file.write(b"half")
            raise OSError(28, "No space left on device")
        save(file, **arrays)

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match=r"could not be backed up .* No space left"):
        train(callback)
    assert [path.name for path in backup.iterdir()] == ["training_state.npz"]
    with np.load(callback.path) as stored:
        assert json.loads(str(stored["about"]))["epoch"] == 1


@pytest.mark.parametrize("save_freq", [0, True, "batch", 1.5])
def test_save_freq_is_checked(save_freq):
    with pytest.raises(ValueError, match="`save_freq` must be"):
        ResumableTraining("backup", save_freq=save_freq)


def test_a_bare_model_is_resumed_too(tiny_folder, backup):
    ids, labels = np.arange(2, 34).reshape(8, 4), np.arange(8) % 2

    def run(*callbacks):
        keras.utils.set_random_seed(3)
        model = TFBertForSequenceClassification.from_pretrained(tiny_folder("model_gelu_l2"))
        model.compile(BertAdamW(1e-3), run_eagerly=True)
        model.fit(ids, labels, batch_size=2, epochs=2, shuffle=False, verbose=0, callbacks=list(callbacks))
        return model.get_weights()

    expected = run()
    with pytest.raises(Killed):
        run(ResumableTraining(backup, save_freq=1), KillAt(6))
    for one, other in zip(expected, run(ResumableTraining(backup, save_freq=1)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_number_ends_a_training(train):
    with pytest.raises(FloatingPointError, match="became nan in batch 0 of epoch 0"):
        train(Spoil())


class Spoil(keras.callbacks.Callback):
    """Puts a number that is none into the model."""

    def on_train_begin(self, logs=None):
        assert isinstance(self.model, TextTrainer)
        weight = self.model.model.classifier.weights[0]
        weight.assign(np.full(weight.shape, np.nan))
