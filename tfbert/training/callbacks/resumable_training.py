"""ResumableTraining: a training that was killed goes on as if it had not been."""

from __future__ import annotations

from collections import deque
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import keras

from tfbert.training.callbacks.training_facts import facts_of
from tfbert.training.callbacks.training_state import read_state, state_of, write_state
from tfbert.training.distributed.cluster import copy_from_chief, from_workers, is_chief

FILE = "training_state.npz"


class Place(NamedTuple):
    """How far a training has come.

    Args:
        epoch: int.
        batch: int. Batches of the epoch that were seen.
        start: int. The epoch in which it began to read the data from their head.
        read: int. Batches that were read since; more than `batch` where an epoch ends before the data.
        seed: int. The seed of the order of texts, 0 for none.
    """

    epoch: int
    batch: int
    start: int
    read: int
    seed: int


class ResumableTraining(keras.callbacks.Callback):
    """Backs a training up, and lets the next `fit` with the same arguments go on from there.

    Weights, optimizer, the state of dropout, the seed of the order of texts, epoch and batch are kept in one file,
    which is replaced as a whole, so that a process may be killed at any time. A resumed training passes over the
    batches that were seen already, and ends with the same weights as one that ran through, where its data come in the
    same order: lists, arrays and a `PyDataset` of a task do, a `tf.data.Dataset` if its own shuffling does. The file
    is removed when the training is over. Metrics of the epoch that is gone on with count its remaining batches; what
    other callbacks remember is not kept. Of several workers the chief alone writes and reads the file.

    The backup of another training is refused: one of other weights, another optimizer (its learning rate and schedule
    among its options), another number of batches, other names of labels, or, where a task has lists or arrays, other
    first rows or another way to make batches of them. What may change is the number of epochs, unless the schedule
    depends on it, as that of `fit` without `compile` does; further callbacks; validation data; and the metrics.

    Args:
        folder: Path, which is made if it is missing.
        save_freq: int or "epoch", default "epoch". Batches between two backups.

    Raises:
        TypeError: In `fit`, if the model is none of tfbert's.
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
        self._epoch = self._start = self._since = 0
        self._data: Any = None  # what Keras reads the data with

    @property
    def path(self) -> Path:
        """The file of the backup."""
        return self.folder / FILE

    def on_train_begin(self, logs=None):
        self._data = getattr(self.model, "epoch_iterator", None)
        if self._data is None:
            raise TypeError(
                "ResumableTraining needs a model or a task of tfbert. Write keras.callbacks.BackupAndRestore(…) for "
                f"other models. Received: {type(self.model).__name__}."
            )
        strategy = self.model.distribute_strategy
        self._facts = facts_of(self.model, self.params["steps"])
        has_backup = is_chief(strategy) and self.path.is_file()
        told = from_workers(strategy, [1, *self._restore()] if has_backup else [0] * 6)[0].tolist()
        if told[0]:
            copy_from_chief(strategy, state_of(self.model))
            self._go_on(Place(*told[1:]))

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        if self._read() == 0:
            self._start = epoch

    def on_train_batch_end(self, batch, logs=None):
        if not logs:  # passed over
            return
        self._since += self.model.steps_per_execution
        if isinstance(self.save_freq, int) and self._since >= self.save_freq:
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        self._save(epoch + 1, 0)

    def on_train_end(self, logs=None):
        self._data = None
        if is_chief(self.model.distribute_strategy):
            self.path.unlink(missing_ok=True)

    def _save(self, epoch: int, batch: int) -> None:
        self._since = 0
        if is_chief(self.model.distribute_strategy):
            order = self._order()
            place = Place(epoch, batch, self._start, self._read() or batch, 0 if order is None else order.seed)
            write_state(self.path, {**place._asdict(), "facts": self._facts}, state_of(self.model))

    def _restore(self) -> Place:
        about = read_state(self.path, state_of(self.model), self._facts)
        return Place(*(about[name] for name in Place._fields))

    def _order(self):
        """The `Epochs` that the order of texts follows from, or None."""
        return getattr(self.model, "training_epochs", None)

    def _read(self) -> int:
        """Batches that Keras has read since the head of the data, 0 where it begins there in each epoch."""
        goes_on = self._data.steps_per_epoch and self._data._current_iterator is not None
        return self._data._steps_seen if goes_on else 0

    def _go_on(self, place: Place) -> None:
        """Let `fit` begin at a place."""
        order, before = self._order(), place.read - place.batch
        self._start = place.start
        self.model._initial_epoch = place.epoch
        if order is not None:
            order.seed, order.number = place.seed, place.start
        if before:
            self._data._current_iterator = iter(self._data._get_iterator())
            self._data._steps_seen = before
            deque(islice(self._data._current_iterator, before), maxlen=0)
        if place.batch:
            self._pass_over(place.batch)

    def _pass_over(self, count: int) -> None:
        """Let the first batches of the epoch be taken, but not trained on."""
        model = self.model
        train, left = model.train_function, count

        def pass_over(iterator):
            nonlocal left
            batches = list(islice(iterator, model.steps_per_execution))  # fewer at the end of the data
            left -= model.steps_per_execution
            if not batches:
                raise ValueError(
                    f"The data end before batch {count} of an epoch, where the backup {self.path} was made."
                )
            if left <= 0:
                model.train_function = train
                # Keras asks metrics that never saw a batch in vain, which happens if this was the last one.
                model.distribute_strategy.run(model.test_step, args=(batches[-1],))
                model.reset_metrics()
            return {}

        model.train_function = pass_over
