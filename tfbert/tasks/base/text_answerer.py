"""TextAnswerer: Keras' predict, on text of every form."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from tfbert.option_checks import check_count
from tfbert.tasks.base.answering import AnswerFunction, batches_of_like_length, joined_answers
from tfbert.tasks.base.columns import TEXT, TEXT_PAIR, Column, read_columns
from tfbert.tasks.base.text_dataset import batched, inputs_of
from tfbert.training.logits_trainer import LogitsTrainer

DEFAULT_BATCH_SIZE = 32


def checked_batch_size(batch_size: int | None) -> int:
    """Return a batch size, the default for None; refuse what is none."""
    check_count("batch_size", batch_size, optional=True)
    return DEFAULT_BATCH_SIZE if batch_size is None else batch_size


class TextAnswerer(LogitsTrainer):
    """A Keras model that is asked with text. A sub-class says which text it takes (`columns`)."""

    columns: ClassVar[tuple[Column, ...]] = (TEXT, TEXT_PAIR)
    takes_pairs: Any

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.answer_function = AnswerFunction(self)

    def read_inputs(self, inputs: Any) -> dict[str, tf.Tensor]:
        """Turn the user's text, in any form, into string columns [B] or [B, C] by name."""
        return read_columns(inputs, self.columns)

    def may_take_pairs(self) -> bool:
        """Whether it takes pairs of texts as well as single ones."""
        return any(column.optional for column in self.columns)

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Return the answers to texts, in their order; the arguments are those of `keras.Model.predict`.

        Texts of like length share a batch, unless they come as a dataset.

        Args:
            x: Text in any form, or a `tf.data.Dataset` of it.
            batch_size: int, default 32.
            steps: int or None. Answer no more than this many batches.

        Returns:
            A dict of NumPy arrays with one row for each text; strings are Python str. Where answers have several
            entries, rows are padded to the one with the most.
        """
        batch_size = checked_batch_size(batch_size)
        check_count("steps", steps, optional=True)
        if isinstance(x, tf.data.Dataset):
            dataset = batched(x, batch_size).take(-1 if steps is None else steps)
            parts = self._answered(map(self.read_inputs, map(inputs_of, dataset)), verbose, callbacks)
            return joined_answers(parts)
        columns = self.read_inputs(x)
        if steps is not None:
            columns = {name: column[: steps * batch_size] for name, column in columns.items()}
        chosen = list(batches_of_like_length(columns, batch_size))
        parts = self._answered([columns for _, columns in chosen], verbose, callbacks)
        return joined_answers(parts, order=np.concatenate([rows for rows, _ in chosen]) if chosen else None)

    def _answered(self, batches: Iterable[dict[str, tf.Tensor]], verbose: Any, callbacks: Any) -> list[Any]:
        """The answers to each batch; without any, those to no rows, which tell what answers look like."""
        verbosity = 1 if verbose == "auto" else int(verbose)
        watchers = keras.callbacks.CallbackList(
            callbacks,
            add_progbar=verbosity > 0,
            verbose=verbosity,
            epochs=1,
            steps=operator.length_hint(batches) or None,
            model=self,
        )
        watchers.on_predict_begin()
        parts = []
        for index, columns in enumerate(batches):
            watchers.on_predict_batch_begin(index)
            parts.append(self.answer_function(columns))
            watchers.on_predict_batch_end(index, {"outputs": parts[-1]})
        watchers.on_predict_end()
        asked = [column for column in self.columns if column.name in self.served_columns()]
        return parts or [
            self.answer_function({c.name: tf.zeros([0, 0] if c.several else [0], tf.string) for c in asked})
        ]

    def served_columns(self) -> list[str]:
        """Return the columns that answers are asked with: those needed, and pairs, if it learned them."""
        return [column.name for column in self.columns if self.takes_pairs or not column.optional]

    def forget_graphs(self) -> None:
        """Drop what Keras and `predict` have traced."""
        super().forget_graphs()
        self.answer_function = AnswerFunction(self)
