"""Checkpoints of a training: written beside the old one first, so that a full disk or a stop leaves that whole."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import keras
import tensorflow as tf

from tfbert.tasks.base.task import Task
from tfbert.training.distributed import is_chief


class CheckpointEachEpoch(keras.callbacks.Callback):
    """Saves a task behind every epoch but the last one, whose weights `tfbert train` saves when all is over.

    Args:
        folder: str. Path of the checkpoint folder.
    """

    def __init__(self, folder: str):
        super().__init__()
        self.folder = folder
        self.saved_epoch: int | None = None

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 < self.params["epochs"] and is_chief(self.model.distribute_strategy):
            save_checkpoint(self.model, self.folder)
            self.saved_epoch = epoch + 1


def save_checkpoint(task: Task, folder: str) -> None:
    """Save a task; the files of an older checkpoint are replaced only when all new ones are written.

    Args:
        task: The task.
        folder: str. Path of the folder, which is made if it is missing.

    Raises:
        FloatingPointError: If a weight is infinite or no number.
        OSError: If there is no room, or no right, to write there.
    """
    for variable in task.model.variables:
        if not tf.reduce_all(tf.math.is_finite(tf.cast(variable, tf.float32))):
            raise FloatingPointError(f"Weights became infinite or no numbers, {variable.path!r} first.")
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=target) as partial:
            task.save_pretrained(partial)
            for file in sorted(path for path in Path(partial).rglob("*") if path.is_file()):
                place = target / file.relative_to(partial)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(file, place)
    except OSError as error:
        raise OSError(
            f"The checkpoint could not be written to {folder!r}: {error.strerror or error}. An older one there is "
            "still whole."
        ) from error
