"""TrainingData: text and labels of every form as datasets of ids, which training steps see."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.models.bucketed_program import sequence_buckets
from tfbert.option_checks import checked_batch_size
from tfbert.tasks.base.batch_source import is_batch_source, labels_of_source, source_dataset
from tfbert.tasks.base.text_answerer import TextAnswerer
from tfbert.tasks.base.text_dataset import arrays_dataset, batched, holds_pairs, inputs_of, is_tokenized
from tfbert.training.callbacks.epochs import Epochs


class TrainingData(TextAnswerer):
    """A Keras model whose text and labels become ids in `tf.data`.

    A sub-class says how text becomes ids (`tokenize`) and what labels mean (`learn_labels`, `prepare_labels`).
    """

    needs_labels: ClassVar[bool] = True
    tokenizer: FastBertTokenizer
    learns_labels: Any = False

    # === What a sub-class says ===

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

    def prepare_labels(self, labels: Any) -> Any:
        """Turn the user's labels into what the loss takes."""
        raise NotImplementedError

    def prepare_dataset_labels(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Turn the labels of a user's dataset of batches into what the loss takes."""
        return dataset

    # === Text and labels to batches of ids ===

    def training_dataset(
        self, x, y=None, sample_weight=None, batch_size=None, shuffle=True, group_by_length=False, learn=False
    ) -> tf.data.Dataset:
        """Return what a training step sees of text and labels: batches of ids.

        Args:
            x: Text in any form; a `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator of (text, label) or
                (text, label, weight).
            y: One label for each text, where `x` is text alone.
            sample_weight: One number for each text, or None.
            batch_size: int, default 32.
            shuffle: bool, default True. Put rows, or the batches of a `PyDataset`, in another order in each epoch.
            group_by_length: bool, default False. Shuffle such that rows of like length share a batch.
            learn: bool, default False. Take the names of classes from the labels where the head has none yet.

        Returns:
            A dataset of (features, labels) or (features, labels, weights).

        Raises:
            TypeError, ValueError: If text and labels do not fit each other or the model.
        """
        batch_size, epochs = checked_batch_size(batch_size), Epochs()
        order = epochs if shuffle else None
        return self._tokenized(self._batches(x, y, sample_weight, batch_size, order, group_by_length, learn), epochs)

    def evaluation_dataset(self, x, y=None, sample_weight=None, batch_size=None) -> tf.data.Dataset:
        """Return what `evaluate` sees of text and labels: as `training_dataset`, the same each time."""
        return self._tokenized(self._batches(x, y, sample_weight, checked_batch_size(batch_size)), Epochs(seed=0))

    def _batches(self, x, y, sample_weight, batch_size, order=None, group_by_length=False, learn=False):
        """Batches of columns and labels, or of ids, from text in any form."""
        if isinstance(x, tf.data.Dataset) or is_batch_source(x):
            return self._batches_of_dataset(x, y, sample_weight, batch_size, order, learn)
        return arrays_dataset(self._rows(x, y, sample_weight, learn), batch_size, order, group_by_length)

    def _batches_of_dataset(self, x, y, sample_weight, batch_size, epochs=None, learn=False) -> tf.data.Dataset:
        """Batches of columns and labels, or of ids, from a dataset, a generator or a PyDataset."""
        if y is not None or sample_weight is not None:
            raise ValueError("A dataset brings its own labels and weights: leave out `y` and `sample_weight`.")
        if is_batch_source(x):
            return self._batches_of_source(x, epochs, learn)
        self._check_dataset(x)
        if learn:
            self.learn_labels(x, None)
        if is_tokenized(inputs_of(x.element_spec)):
            return x
        batches = batched(x, batch_size)
        if learn:
            self.takes_pairs = self.may_take_pairs() and holds_pairs(inputs_of(batches.element_spec))
        return self.prepare_dataset_labels(batches.map(self._read_batch))

    def _batches_of_source(self, source, epochs, learn) -> tf.data.Dataset:
        if learn and isinstance(source, keras.utils.PyDataset) and source.num_batches is not None:
            self.learn_labels(None, labels_of_source(source) if self.needs_labels else None)
        elif learn and self.learns_labels:
            raise ValueError(
                "A generator cannot be searched for its labels. Name them: from_pretrained(..., id2label={0: …, 1: …})."
            )

        def read(batch):
            columns, *targets = self._rows(*(*batch, None, None)[:3])
            if learn:
                self._see_columns(columns)
            present = tuple(target for target in targets if target is not None)
            return (columns, *present) if present else columns

        return source_dataset(source, read, epochs)

    def _see_columns(self, columns: Mapping[str, Any]) -> None:
        """Note whether texts come in pairs, which is how they are answered and served then."""
        self.takes_pairs = any(column.optional and column.name in columns for column in self.columns)

    def _read_batch(self, *element):
        inputs, *targets = element if len(element) > 1 else (inputs_of(element[0]),)
        columns = self.read_training_inputs(inputs)
        return (columns, *targets) if targets else columns

    def _tokenized(self, dataset: tf.data.Dataset, epochs: Epochs) -> tf.data.Dataset:
        """Batches of ids from batches of columns and labels; what is random in them follows from `epochs`."""
        if is_tokenized(inputs_of(dataset.element_spec)):
            return dataset
        # Plain Python, which AutoGraph would take seconds to rewrite.
        function = tf.autograph.experimental.do_not_convert(self.training_batch)
        with self._lengths_for_xla():
            return dataset.map(function, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    @contextlib.contextmanager
    def _lengths_for_xla(self) -> Iterator[None]:
        """Let the tokenizer pad to few different lengths where training steps are compiled."""
        tokenizer = self.tokenizer
        packing = tokenizer.packing_options()
        if not self.jit_compile or packing.padding != "longest" or packing.buckets or packing.pad_to_multiple_of:
            yield
            return
        buckets = list(sequence_buckets(packing.max_length)[:-1])
        self.tokenizer = FastBertTokenizer.from_config({**tokenizer.get_config(), "buckets": buckets})
        try:
            yield
        finally:
            self.tokenizer = tokenizer

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
            self._see_columns(columns)
        return columns, None if y is None else self.prepare_labels(y), weights

    def _check_dataset(self, dataset: tf.data.Dataset) -> None:
        spec = dataset.element_spec
        if self.needs_labels and (not isinstance(spec, tuple) or len(spec) < 2):
            raise ValueError("A dataset to train on must hold tuples: (text, label) or (text, label, weight).")


def _read_weights(sample_weight: Any) -> np.ndarray:
    weights = np.asarray(sample_weight, dtype=np.float32)
    if weights.ndim != 1 or not np.isfinite(weights).all():
        raise ValueError(
            f"`sample_weight` must hold one finite number for each text, [N]. Received: shape {weights.shape}"
            f"{'' if np.isfinite(weights).all() else ', with numbers that are not finite'}."
        )
    return weights


def _row_count(labels: Any) -> int:
    """The rows of labels, 0 where there are none or what is given has no length."""
    first: Any = next(iter(labels.values()), None) if isinstance(labels, Mapping) else labels
    return len(first) if hasattr(first, "__len__") else 0
