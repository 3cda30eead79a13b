"""TextAnswerer: Keras' predict, on text of every form."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from tfbert.export.answer_rows import AnswerRows
from tfbert.option_checks import check_count, checked_batch_size
from tfbert.tasks.base.answering import AnswerFunction
from tfbert.tasks.base.columns import TEXT, TEXT_PAIR, Column, read_columns
from tfbert.tasks.base.text_dataset import batched, inputs_of
from tfbert.tasks.base.text_rows import TextRows
from tfbert.training.logits_trainer import LogitsTrainer


class TextAnswerer(LogitsTrainer):
    """A Keras model that is asked with text. A sub-class says which text it takes (`columns`)."""

    columns: ClassVar[tuple[Column, ...]] = (TEXT, TEXT_PAIR)
    serves_pairs: ClassVar[bool] = True  # where it takes pairs, whether answers are to pairs, too
    answers_in_steps: Any = False  # whether `tokenize`, `forward` and `decode` make an answer
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

        Texts of like length share a batch, unless they come as a dataset. While the model works on a batch, the next
        are tokenized.

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
            dataset = batched(x, batch_size)
            size = 0 if dataset is x else batch_size  # what the user batched says nothing of its size
            dataset = dataset.take(-1 if steps is None else steps)
            count = max(0, int(dataset.cardinality()))  # below 0 where it is not known
            batches = ((None, self.read_inputs(inputs_of(element))) for element in dataset)
            return self._answered(batches, count, AnswerRows(count * size), verbose, callbacks)
        texts = TextRows(x, self.read_inputs, batch_size, None if steps is None else steps * batch_size)
        count = -(-len(texts) // batch_size)
        return self._answered(texts.batches(), count, AnswerRows(len(texts)), verbose, callbacks)

    def _answered(self, batches, count: int, answers: AnswerRows, verbose, callbacks) -> dict[str, np.ndarray]:
        """The answers to each batch; without any, those to no rows, which tell what answers look like."""
        verbosity = 1 if verbose == "auto" else int(verbose)
        watchers = keras.callbacks.CallbackList(
            callbacks, add_progbar=verbosity > 0, verbose=verbosity, epochs=1, steps=count or None, model=self
        )
        watchers.on_predict_begin()
        for index, (rows, answer) in enumerate(self.answer_function.ahead(batches)):
            watchers.on_predict_batch_begin(index)
            part = answer()
            answers.put(part, rows)
            watchers.on_predict_batch_end(index, {"outputs": part})
        watchers.on_predict_end()
        if not answers.arrays():
            asked = [column for column in self.columns if column.name in self.served_columns()]
            nothing = {c.name: tf.zeros([0, 0] if c.several else [0], tf.string) for c in asked}
            answers.put(self.answer_function(nothing))
        return answers.arrays()

    def served_columns(self) -> list[str]:
        """Return the columns that answers are asked with: those needed, and pairs, if it learned them."""
        return [column.name for column in self.columns if self.takes_pairs or not column.optional]

    def forget_graphs(self) -> None:
        """Drop what Keras and `predict` have traced."""
        super().forget_graphs()
        self.answer_function = AnswerFunction(self)
