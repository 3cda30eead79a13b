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


@pytest.fixture
def backup(tmp_path):
    return tmp_path / "backup"


@pytest.fixture
def train(tiny_folder):
    """Return a function that makes a classifier with dropout and trains it for three epochs of three batches."""

    def run(*callbacks, texts=TEXTS, **options):
        keras.utils.set_random_seed(7)
        model = TextClassifier.from_pretrained(
            tiny_folder("model_gelu_l2"), hidden_dropout_prob=0.1, id2label={0: "bad", 1: "good"}
        )
        steps = 3 * -(-len(texts) // 4)
        model.compile(BertAdamW(LinearWarmup(1e-3, total_steps=steps)), metrics=["accuracy"], run_eagerly=True)
        history = model.fit(
            texts, LABELS[: len(texts)], batch_size=4, epochs=3, verbose=0, callbacks=list(callbacks), **options
        )
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


def test_it_is_killed_again_and_again(train, backup, whole):
    for batches in (3, 2, 2, 1):  # the first one before the end of an epoch is noted
        with pytest.raises(Killed):
            train(ResumableTraining(backup, save_freq=1), KillAt(batches))
    weights, _ = train(ResumableTraining(backup, save_freq=1))
    assert all(np.array_equal(found, expected) for expected, found in zip(whole[0], weights, strict=True))


def test_keras_own_callback_resumes_epochs(train, backup, whole):
    with pytest.raises(Killed):
        train(keras.callbacks.BackupAndRestore(backup), KillAt(6))
    weights, history = train(keras.callbacks.BackupAndRestore(backup))
    assert history["loss"] == pytest.approx(whole[1]["loss"][1:], abs=1e-6)
    for expected, found in zip(whole[0], weights, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_another_training_is_refused(train, backup):
    with pytest.raises(Killed):
        train(ResumableTraining(backup), KillAt(6))
    with pytest.raises(ValueError, match="backup of another training"):
        train(ResumableTraining(backup), texts=TEXTS[:4])


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
