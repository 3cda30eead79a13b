"""TextTrainer: Keras' fit and evaluate, on text of every form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tfbert.tasks.base.text_answerer import TextAnswerer, checked_batch_size
from tfbert.tasks.base.text_dataset import (
    arrays_dataset,
    batched,
    end_is_no_surprise,
    holds_pairs,
    inputs_of,
    is_tokenized,
)
from tfbert.training.bert_adamw import BertAdamW
from tfbert.training.linear_warmup import LinearWarmup

DEFAULT_OPTIMIZER = "tfbert_default"  # the name tells our own from a user's, after a reload too


class TextTrainer(TextAnswerer):
    """A Keras model that is trained, evaluated and asked with text.

    Text is tokenized in `tf.data`, so that training steps see ids only. A sub-class says how text becomes ids
    (`tokenize`) and what labels mean (`learn_labels`, `prepare_labels`).
    """

    needs_labels: ClassVar[bool] = True
    default_learning_rate = 5e-5

    def tokenize(self, columns: dict[str, tf.Tensor]) -> dict[str, Any]:
        """Turn text columns into the model's inputs, and what `decode` needs beside them."""
        raise NotImplementedError

    def training_batch(self, columns: dict[str, tf.Tensor], *targets: Any) -> Any:
        """Turn a batch of columns, labels and perhaps weights into what a training step takes; runs in `tf.data`."""
        return (self.tokenize(columns), *targets)

    def read_training_inputs(self, x: Any) -> dict[str, tf.Tensor]:
        """Turn the user's text into columns, where `fit` and `evaluate` take further forms of it."""
        return self.read_inputs(x)

    def learn_labels(self, x: Any, y: Any) -> None:
        """Learn from what `fit` was given which labels there are."""

    def prepare_labels(self, labels: Any) -> np.ndarray:
        """Turn the user's labels into what the loss takes."""
        raise NotImplementedError

    def prepare_dataset_labels(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Turn the labels of a user's dataset of batches into what the loss takes."""
        return dataset

    def class_numbers(self) -> Mapping[str, int]:
        """Return the number of each class by its name; nothing where a text has no one class."""
        return {}

    def default_metrics(self) -> list[Any]:
        """Return the metrics that `fit` compiles with where `compile` was not called."""
        return []

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
    ):
        """Train on text and labels; the arguments are those of `keras.Model.fit`.

        Where `compile` was not called, each `fit` trains with AdamW at 5e-5 and clipped gradients, and with linear
        warm-up and decay where the number of steps is known.

        Args:
            x: Text in any form, or a `tf.data.Dataset` of (text, label) or (text, label, weight).
            y: One label for each text; not with a dataset.
            validation_split: float. The last rows of text and labels are held out for validation.
            validation_data: (text, labels), (text, labels, weights) or a dataset.
            class_weight: dict from class number or name to float.

        Returns:
            A Keras `History`.

        Raises:
            TypeError, ValueError: If text and labels do not fit each other or the model.
        """
        batch_size = checked_batch_size(batch_size)
        validation_batch_size = checked_batch_size(validation_batch_size or batch_size)
        if isinstance(x, tf.data.Dataset):
            if validation_split:
                raise ValueError("`validation_split` needs arrays or lists; for a dataset give `validation_data`.")
            self._check_dataset(x, y, sample_weight)
            self.learn_labels(x, None)
            dataset = self._ids_of_dataset(x, y, sample_weight, batch_size)
            if not is_tokenized(inputs_of(x.element_spec)):
                self.takes_pairs = self.may_take_pairs() and holds_pairs(inputs_of(batched(x, batch_size).element_spec))
        else:
            rows = self._rows(x, y, sample_weight, learn=True)
            if validation_split and validation_data is None:
                rows, held_out = _split(rows, validation_split)
                validation_data = self._ids_of_rows(held_out, validation_batch_size)
            dataset = self._ids_of_rows(rows, batch_size, shuffle=shuffle)
            self.takes_pairs = any(column.optional and column.name in rows[0] for column in self.columns)
        if validation_data is not None:
            validation_data = self._validation_dataset(validation_data, validation_batch_size)
        if class_weight is not None:
            dataset = dataset.map(_weigher(self._numbered(class_weight)))
        if not self._has_users_optimizer():
            steps = steps_per_epoch or int(dataset.cardinality())
            self._compile_default(steps * epochs if steps > 0 else None)
        with end_is_no_surprise(dataset, steps_per_epoch):
            return super().fit(
                dataset,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
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
        dataset = self._ids_dataset(x, y, sample_weight, checked_batch_size(batch_size))
        with end_is_no_surprise(dataset, steps):
            return super().evaluate(dataset, verbose=verbose, steps=steps, callbacks=callbacks, **kwargs)

    # === Text and labels to batches of ids ===

    def _ids_dataset(self, x, y, sample_weight, batch_size) -> tf.data.Dataset:
        if isinstance(x, tf.data.Dataset):
            return self._ids_of_dataset(x, y, sample_weight, batch_size)
        return self._ids_of_rows(self._rows(x, y, sample_weight), batch_size)

    def _ids_of_dataset(self, dataset, y, sample_weight, batch_size) -> tf.data.Dataset:
        self._check_dataset(dataset, y, sample_weight)
        if is_tokenized(inputs_of(dataset.element_spec)):
            return dataset
        return self._tokenized(self.prepare_dataset_labels(batched(dataset, batch_size).map(self._read_batch)))

    def _ids_of_rows(self, rows, batch_size, shuffle=False) -> tf.data.Dataset:
        return self._tokenized(arrays_dataset(rows, shuffle=shuffle, batch_size=batch_size))

    def _read_batch(self, *element):
        inputs, *targets = element if len(element) > 1 else (inputs_of(element[0]),)
        columns = self.read_training_inputs(inputs)
        return (columns, *targets) if targets else columns

    def _tokenized(self, dataset) -> tf.data.Dataset:
        # Plain Python, which AutoGraph would take seconds to rewrite.
        function = tf.autograph.experimental.do_not_convert(self.training_batch)
        return dataset.map(function, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def _rows(self, x, y, sample_weight, learn=False):
        """Text columns, encoded labels and weights, with equally many rows."""
        if y is None and self.needs_labels:
            raise ValueError("`y` is missing: give one label for each text.")
        weights = None if sample_weight is None else _read_weights(sample_weight)
        columns = self.read_training_inputs(x)
        count = next(iter(columns.values())).shape[0]
        sizes = {"y": _row_count(y) or count}  # what has no rows at all is refused by its own reader
        if weights is not None:
            sizes["sample_weight"] = len(weights)
        for name, size in sizes.items():
            if size != count:
                raise ValueError(f"`{name}` must have one entry for each text, {count}. Received: {size}.")
        if learn:
            self.learn_labels(x, y)
        return columns, None if y is None else self.prepare_labels(y), weights

    def _check_dataset(self, dataset: tf.data.Dataset, y: Any, sample_weight: Any) -> None:
        if y is not None or sample_weight is not None:
            raise ValueError("A dataset brings its own labels and weights: leave out `y` and `sample_weight`.")
        spec = dataset.element_spec
        if self.needs_labels and (not isinstance(spec, tuple) or len(spec) < 2):
            raise ValueError("A dataset to train on must hold tuples: (text, label) or (text, label, weight).")

    def _validation_dataset(self, given, batch_size) -> tf.data.Dataset:
        parts = given if isinstance(given, tuple | list) else (given,)
        if len(parts) > 3:
            raise ValueError(
                "`validation_data` must be (text, labels), (text, labels, weights) or a dataset. "
                f"Received: a {type(given).__name__} of {len(parts)}."
            )
        x, y, sample_weight = (*parts, None, None)[:3]
        return self._ids_dataset(x, y, sample_weight, batch_size)

    def _has_users_optimizer(self) -> bool:
        if not self.compiled:
            return False
        optimizer = getattr(self.optimizer, "inner_optimizer", self.optimizer)  # float16 wraps it for loss scaling
        return optimizer.name != DEFAULT_OPTIMIZER

    def _compile_default(self, total_steps: int | None = None) -> None:
        """Compile as no user has; each `fit` does so anew, since a schedule lasts for one training."""
        peak = self.default_learning_rate
        learning_rate = LinearWarmup(peak, total_steps=total_steps) if total_steps else peak
        optimizer = BertAdamW(learning_rate, global_clipnorm=1.0, name=DEFAULT_OPTIMIZER)
        self.compile(optimizer=optimizer, metrics=self.default_metrics())

    def _numbered(self, class_weight):
        """Return class weights by class number; a user may give them by name."""
        known = self.class_numbers()
        if not known:
            raise ValueError("`class_weight` needs one class for each text. Write `sample_weight` instead.")
        weights = dict.fromkeys(known.values(), 1.0)
        for name, weight in class_weight.items():
            number = known.get(name, name)
            if number not in weights:
                raise ValueError(f"Unknown label {name!r} in `class_weight`; the model has {list(known)}.")
            weights[number] = weight
        return weights


def _read_weights(sample_weight: Any) -> np.ndarray:
    weights = np.asarray(sample_weight, dtype=np.float32)
    if weights.ndim != 1 or not np.isfinite(weights).all():
        raise ValueError(
            f"`sample_weight` must hold one finite number for each text, [N]. Received: shape {weights.shape}"
            f"{'' if np.isfinite(weights).all() else ', with numbers that are not finite'}."
        )
    return weights


def _weigher(class_weight: Mapping[int, float]) -> Any:
    """A function that gives a batch the weights of its classes; labels that are to be ignored weigh nothing."""
    table = tf.constant([class_weight[number] for number in sorted(class_weight)], tf.float32)

    def weigh(features, labels, *weights):
        labels_of_rows = tf.reshape(labels, [-1])
        of_class = tf.where(labels_of_rows >= 0, tf.gather(table, tf.maximum(labels_of_rows, 0)), 0.0)
        return features, labels, of_class * weights[0] if weights else of_class

    return weigh


def _row_count(labels: Any) -> int:
    """The rows of labels, 0 where there are none or what is given has no length."""
    first: Any = next(iter(labels.values()), None) if isinstance(labels, Mapping) else labels
    return len(first) if hasattr(first, "__len__") else 0


def _split(rows, share: float):
    """Cut the last rows off for validation, as Keras does."""
    if not 0 < share < 1:
        raise ValueError(f"`validation_split` must lie between 0 and 1. Received: {share!r}.")
    count = int(next(iter(rows[0].values())).shape[0])
    cut = int(count * (1.0 - share))
    if cut in (0, count):
        raise ValueError(f"`validation_split`={share} leaves no rows on one side of {count}.")

    def part(span: slice):
        return tf.nest.map_structure(lambda values: None if values is None else values[span], rows)

    return part(slice(0, cut)), part(slice(cut, None))
