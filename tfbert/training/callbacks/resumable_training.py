"""ResumableTraining: a training that was killed goes on as if it had not been."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import keras

from tfbert.training.callbacks.training_state import read_state, state_of, write_state
from tfbert.training.distributed.cluster import copy_from_chief, from_workers, is_chief

FILE = "training_state.npz"
NOTHING = (0, 0, 0, 0)


class ResumableTraining(keras.callbacks.Callback):
    """Backs a training up, and lets the next `fit` with the same arguments go on from there.

    Weights, optimizer, the state of dropout, the seed of the order of texts, epoch and batch are kept in one file,
    which is replaced as a whole, so that a process may be killed at any time. A resumed training passes over the
    batches that were seen already, and ends with the same weights as one that ran through, where its data come in the
    same order: lists, arrays and a `PyDataset` of a task do, a `tf.data.Dataset` if its own shuffling does. The file
    is removed when the training is over. Metrics of the epoch that is gone on with count its remaining batches; what
    other callbacks remember is not kept. Of several workers the chief alone writes and reads the file.

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
        strategy = self.model.distribute_strategy
        has_backup = is_chief(strategy) and self.path.is_file()
        found, epoch, batch, seed = from_workers(strategy, self._restore() if has_backup else NOTHING)[0].tolist()
        if not found:
            return
        copy_from_chief(strategy, state_of(self.model))
        if self._seed() is not None:
            self.model.training_epochs.seed = seed
        self.model._initial_epoch = epoch
        if batch:
            self._pass_over(batch)

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if not logs:  # passed over
            return
        self._since += self.model.steps_per_execution
        if isinstance(self.save_freq, int) and self._since >= self.save_freq:
            self._save(self._epoch, min(batch + 1, self.params["steps"] or batch + 1))  # the last step may be shorter

    def on_epoch_end(self, epoch, logs=None):
        self._save(epoch + 1, 0)

    def on_train_end(self, logs=None):
        if is_chief(self.model.distribute_strategy):
            self.path.unlink(missing_ok=True)

    def _save(self, epoch: int, batch: int) -> None:
        self._since = 0
        if is_chief(self.model.distribute_strategy):
            about = {"epoch": epoch, "batch": batch, "steps": self.params["steps"], "seed": self._seed()}
            write_state(self.path, about, state_of(self.model))

    def _restore(self) -> tuple[int, int, int, int]:
        about = read_state(self.path, state_of(self.model), self.params["steps"])
        return 1, about["epoch"], about["batch"], about["seed"] or 0

    def _seed(self) -> int | None:
        epochs = getattr(self.model, "training_epochs", None)
        return None if epochs is None else epochs.seed

    def _pass_over(self, count: int) -> None:
        """Let the first batches of the epoch be taken, but not trained on."""
        model = self.model
        train, left = model.train_function, count

        def pass_over(iterator):
            nonlocal left
            for _ in range(min(model.steps_per_execution, left)):
                batch = next(iterator)
                left -= 1
            if left == 0:
                model.train_function = train
                # Keras asks metrics that never saw a batch in vain, which happens if this was the last one.
                model.distribute_strategy.run(model.test_step, args=(batch,))
                model.reset_metrics()
            return {}

        model.train_function = pass_over
