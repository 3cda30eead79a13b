"""TextTrainer: Keras' fit and evaluate, on text of every form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from tfbert.option_checks import check_flag, checked_batch_size
from tfbert.tasks.base.batch_source import KeptBatches, is_batch_source
from tfbert.tasks.base.class_weights import class_weigher
from tfbert.tasks.base.fit_data import checksum, validation_parts
from tfbert.tasks.base.source_epochs import SourceEpochs
from tfbert.tasks.base.text_dataset import arrays_dataset, end_is_no_surprise, row_count, split_rows
from tfbert.tasks.base.training_data import TrainingData
from tfbert.training.callbacks.epochs import Epochs
from tfbert.training.callbacks.rate_setters import rate_setter
from tfbert.training.callbacks.training_meter import TrainingMeter
from tfbert.training.optimizers.bert_adamw import BertAdamW
from tfbert.training.optimizers.linear_warmup import LinearWarmup

DEFAULT_OPTIMIZER = "tfbert_default"  # the name tells our own from a user's, after a reload too


class TextTrainer(TrainingData):
    """A Keras model that is trained, evaluated and asked with text.

    Text is tokenized in `tf.data`, so that training steps see ids only, and may be compiled by XLA
    (`compile(jit_compile=True)`; by default on a GPU).
    """

    default_learning_rate = 5e-5
    meter: TrainingMeter | None = None
    _jit_compile: Any
    training_epochs: Epochs | None = None
    training_facts: Mapping[str, Any] = {}

    def class_numbers(self) -> Mapping[str, int]:
        """Return the number of each class by its name; nothing where a text has no one class."""
        return {}

    def label_names(self) -> list[str]:
        """Return the names of the labels in their order, as far as they have any."""
        return list(self.class_numbers())

    def default_metrics(self) -> list[Any]:
        """Return the metrics that `fit` compiles with where `compile` was not called."""
        return []

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, *args, **kwargs):
        """Say how to train, as `keras.Model.compile`; the metric "accuracy" is the task's own.

        Keras' own would count padding and further pieces of words, and take several labels a text for one class.
        """
        if isinstance(metrics, list | tuple):
            own = {getattr(metric, "name", metric): metric for metric in self.default_metrics()}
            metrics = [own.get("accuracy", name) if name in ("accuracy", "acc") else name for name in metrics]
        super().compile(optimizer, loss, loss_weights, metrics, *args, **kwargs)

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
        group_by_length=False,
    ):
        """Train on text and labels; the arguments are those of `keras.Model.fit`, and one more.

        Where `compile` was not called, each `fit` trains with AdamW at 5e-5 and clipped gradients, and with linear
        warm-up and decay where the number of steps is known and no callback sets the learning rate. The progress bar
        counts texts and tokens a second. What is random follows from `keras.utils.set_random_seed`.

        Args:
            x: Text in any form; or a `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator of (text, label) or
                (text, label, weight).
            y: One label for each text; not with a dataset or a generator.
            validation_split: float. The last rows of text and labels are held out for validation.
            validation_data: (text, labels), (text, labels, weights) or a dataset; text alone, or (text,), where
                training needs no labels.
            class_weight: dict from class number or name to float.
            group_by_length: bool, default False. Let texts of like length share a batch, which takes less time and
                memory on texts of mixed lengths; for lists and arrays.

        Returns:
            A Keras `History`.

        Raises:
            TypeError, ValueError: If text and labels do not fit each other or the model.
            FloatingPointError: If the loss becomes infinite or no number.
        """
        batch_size = checked_batch_size(batch_size)
        validation_batch_size = checked_batch_size(validation_batch_size or batch_size)
        check_flag("group_by_length", group_by_length)
        if isinstance(x, Iterator) and steps_per_epoch is None and epochs - initial_epoch > 1:
            raise ValueError(
                f"A generator is run through once, but there are {epochs - initial_epoch} epochs. Give "
                "`steps_per_epoch` with a generator that has no end, or a list or a `keras.utils.PyDataset`."
            )
        self.training_epochs = Epochs()
        order = self.training_epochs if shuffle else None
        known_by = {"batch_size": batch_size, "shuffle": shuffle, "group_by_length": group_by_length}
        tested_on = None
        if isinstance(x, tf.data.Dataset) or is_batch_source(x):
            if validation_split or group_by_length:
                name = "validation_split" if validation_split else "group_by_length"
                raise ValueError(f"`{name}` needs arrays or lists. A dataset brings its own batches for that.")
            dataset = self._batches_of_dataset(x, y, sample_weight, batch_size, order, learn=True)
        else:
            rows = self._rows(x, y, sample_weight, learn=True)
            if validation_split and validation_data is None:
                rows, held_out = split_rows(rows, validation_split)
                validation_data = self._tokenized(arrays_dataset(held_out, validation_batch_size), Epochs(seed=0))
            dataset = arrays_dataset(rows, batch_size, order, group_by_length)
            known_by |= {"rows": row_count(rows), "checksum of the first rows": checksum(rows)}
        self.training_facts = {**known_by, "labels": self.label_names(), "class_weight": class_weight}
        dataset = self._tokenized(dataset, self.training_epochs)
        if validation_data is not None:
            tested_on, labels, weights = validation_parts(validation_data, self.needs_labels)
            if isinstance(tested_on, Iterator):
                tested_on = KeptBatches(tested_on, validation_steps)  # each epoch sees them all
            validation_data = self.evaluation_dataset(tested_on, labels, weights, validation_batch_size)
        if class_weight is not None:
            dataset = dataset.map(class_weigher(class_weight, self.class_numbers()))
        if not self._has_users_optimizer():
            steps = steps_per_epoch or int(dataset.cardinality())
            has_schedule = steps > 0 and rate_setter(callbacks) is None
            self._compile_default(steps * epochs if has_schedule else None)
        if self.meter is None:
            self.meter = TrainingMeter()
        with end_is_no_surprise(dataset, steps_per_epoch):
            return super().fit(
                dataset,
                epochs=epochs,
                verbose=verbose,
                callbacks=[self.meter, *_as_list(callbacks), SourceEpochs(x, tested_on)],
                validation_data=validation_data,
                shuffle=False,  # the dataset shuffles already
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_freq=validation_freq,
            )

    def evaluate(
        self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, callbacks=None, **kwargs
    ):
        """Return loss and metrics on text and labels; the arguments are those of `keras.Model.evaluate`."""
        if not self.compiled:
            self._compile_default()
        dataset = self.evaluation_dataset(x, y, sample_weight, batch_size)
        if isinstance(x, keras.utils.PyDataset):
            callbacks = [*_as_list(callbacks), SourceEpochs(tested_on=x)]
        with end_is_no_surprise(dataset, steps):
            return super().evaluate(dataset, verbose=verbose, steps=steps, callbacks=callbacks, **kwargs)

    def train_step(self, data):
        if self.meter is not None:
            self.meter.count(data[0])
        return super().train_step(data)

    @property
    def jit_compile(self):
        """Whether XLA compiles training steps; they see ids only, so that the tokenizer does not stand in the way."""
        if self._jit_compile is None:
            self._jit_compile = self._resolve_auto_jit_compile()
        return self._jit_compile

    @jit_compile.setter
    def jit_compile(self, value):
        self._jit_compile = value

    def _resolve_auto_jit_compile(self):
        return bool(tf.config.list_physical_devices("GPU")) and self._distribute_strategy is None

    def _has_users_optimizer(self) -> bool:
        if not self.compiled:
            return False
        optimizer = getattr(self.optimizer, "inner_optimizer", self.optimizer)  # float16 wraps it for loss scaling
        return optimizer.name != DEFAULT_OPTIMIZER

    def _compile_default(self, total_steps: int | None = None) -> None:
        """Compile as no user has; each `fit` does so anew, since a schedule lasts for one training."""
        peak = self.default_learning_rate
        learning_rate = LinearWarmup(peak, total_steps=total_steps) if total_steps else peak
        with self.distribute_strategy.scope():
            optimizer = BertAdamW(learning_rate, global_clipnorm=1.0, name=DEFAULT_OPTIMIZER)
            self.compile(optimizer=optimizer, metrics=self.default_metrics())


def _as_list(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
