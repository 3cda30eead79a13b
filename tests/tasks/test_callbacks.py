"""Keras' own callbacks, all at once, on a model that is trained with strings."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfbert.training import BertAdamW


def test_callbacks_of_keras_work(fresh_classifier, reviews, tmp_path):
    texts, labels = reviews
    classifier = fresh_classifier(id2label={0: "bad", 1: "good"})
    classifier.compile(BertAdamW(1e-3), metrics=["accuracy"], run_eagerly=True)
    history = classifier.fit(
        texts[:16],
        labels[:16],
        batch_size=8,
        epochs=5,
        validation_data=(texts[16:24], labels[16:24]),
        verbose=0,
        callbacks=[
            keras.callbacks.ModelCheckpoint(str(tmp_path / "epoch{epoch}.keras")),
            keras.callbacks.BackupAndRestore(str(tmp_path / "backup")),
            keras.callbacks.TensorBoard(str(tmp_path / "board"), write_graph=False),
            keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
            keras.callbacks.EarlyStopping("val_loss", min_delta=100.0, patience=1, restore_best_weights=True),
        ],
    ).history
    assert len(history["loss"]) == 2, "no loss falls by 100"
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_loss"]) for row in rows] == pytest.approx(history["val_loss"])
    assert {"texts/s", "tokens/s", "accuracy"} <= set(rows[0])

    kept = keras.saving.load_model(tmp_path / "epoch1.keras")
    for expected, found in zip(kept.get_weights(), classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)

    events = [
        value.tag
        for path in (tmp_path / "board" / "validation").iterdir()
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    ]
    assert events.count("epoch_loss") == 2
