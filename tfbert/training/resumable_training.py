"""ResumableTraining: a training that was killed goes on as if it had not been."""

from __future__ import annotations

import json
import os
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any

import keras
import numpy as np

FILE = "training_state.npz"
ABOUT = "about"


class ResumableTraining(keras.callbacks.Callback):
    """Backs a training up, and lets the next `fit` with the same arguments go on from there.

    Weights, optimizer, the state of dropout, the seed of the order of texts, epoch and batch are kept in one file,
    which is replaced as a whole, so that a process may be killed at any time. A resumed training passes over the
    batches that were seen already, and ends with the same weights as one that ran through, where its data come in the
    same order: lists, arrays and a `PyDataset` of a task do, a `tf.data.Dataset` if its own shuffling does. The file
    is removed when the training is over. Metrics of the epoch that is gone on with count its remaining batches; what
    other callbacks remember is not kept.

    Args:
        folder: Path, which is made if it is missing.
        save_freq: int or "epoch", default "epoch". Batches between two backups.

    Raises:
        ValueError: In `fit`, if the folder holds another training.

    Example:
        >>> classifier.fit(texts, labels, epochs=4, callbacks=[ResumableTraining("backup")])  # doctest: +SKIP

    Source: `keras.callbacks.BackupAndRestore`, which keeps epochs only, in two files.
    """

    def __init__(self, folder: str | PathLike, save_freq: int | str = "epoch"):
        super().__init__()
        is_count = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq > 0
        if save_freq != "epoch" and not is_count:
            raise ValueError(f"`save_freq` must be 'epoch' or a number of batches. Received: {save_freq!r}.")
        self.folder = Path(folder)
        self.save_freq = save_freq
        self._epoch = 0
        self._since = 0

    @property
    def path(self) -> Path:
        """The file of the backup."""
        return self.folder / FILE

    def on_train_begin(self, logs=None):
        if self.path.is_file():
            self._restore()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if not logs:  # passed over
            return
        self._since += self.model.steps_per_execution
        if isinstance(self.save_freq, int) and self._since >= self.save_freq:
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        self._save(epoch + 1, 0)

    def on_train_end(self, logs=None):
        self.path.unlink(missing_ok=True)

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _save(self, epoch: int, batch: int) -> None:
        self._since = 0
        about = {"epoch": epoch, "batch": batch, "steps": self.params["steps"], "seed": self._seed()}
        arrays: Any = {str(index): np.asarray(variable) for index, variable in enumerate(self._variables())}
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(".part")
        try:
            with beside.open("wb") as file:
                np.savez(file, **arrays | {ABOUT: np.array(json.dumps(about))})
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise OSError(
                f"The training could not be backed up in {str(self.folder)!r}: {error}. The backup before it is whole; "
                "make room there, and call `fit` again to go on from it."
            ) from error

    def _restore(self) -> None:
        variables = self._variables()
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                about = json.loads(str(stored[ABOUT]))
                arrays = [stored[str(index)] for index in range(len(stored.files) - 1)]
        except (ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ValueError(f"{str(self.path)!r} is no backup of a training: {error}. Remove it.") from error
        same = [array.shape for array in arrays] == [tuple(variable.shape) for variable in variables]
        if not same or about["steps"] not in (None, self.params["steps"]):
            raise ValueError(
                f"{str(self.path)!r} is the backup of another training, with another model, optimizer or number of "
                "batches. Give each training a folder of its own, or remove that file."
            )
        for variable, array in zip(variables, arrays):
            variable.assign(array.view(variable.dtype) if array.dtype.kind == "V" else array)
        if about["seed"] is not None:
            self.model.training_epochs.seed = about["seed"]
        self.model._initial_epoch = about["epoch"]
        if about["batch"]:
            self._pass_over(about["batch"])

    def _seed(self) -> int | None:
        epochs = getattr(self.model, "training_epochs", None)
        return None if epochs is None else epochs.seed

    def _pass_over(self, count: int) -> None:
        """Let the first batches of the epoch be taken, but not trained on."""
        model = self.model
        train, left = model.train_function, count

        def pass_over(iterator):
            nonlocal left
            for _ in range(model.steps_per_execution):
                batch = next(iterator)
            left -= model.steps_per_execution
            if left <= 0:
                model.train_function = train
                # Keras asks metrics that never saw a batch in vain, which happens if this was the last one.
                model.distribute_strategy.run(model.test_step, args=(batch,))
                model.reset_metrics()
            return {}

        model.train_function = pass_over
