"""ScoredAnswers: tasks whose answers are compared with right ones in words."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import tensorflow as tf

from tfbert.tasks.base.task import Task
from tfbert.tasks.labels.right_texts import right_texts
from tfbert.training.metrics import SquadScores


class ScoredAnswers(Task):
    """A task whose `evaluate` also returns `exact_match` and `f1` of its answers in words, by `SquadScores`.

    Steps see ids only, so that texts are answered after them, as in `predict`; for the validation data of `fit` alike.

    Args:
        model: A `BertPreTrainedModel`.
        tokenizer: `FastBertTokenizer`.
        **kwargs: As `Task`.
    """

    def __init__(self, model, tokenizer, **kwargs):
        super().__init__(model, tokenizer, **kwargs)
        self._texts_of_ids: weakref.WeakKeyDictionary[tf.data.Dataset, tf.data.Dataset] = weakref.WeakKeyDictionary()

    def evaluate(
        self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, callbacks=None, **kwargs
    ):
        """Return loss and metrics on text and labels; the arguments are those of `keras.Model.evaluate`.

        Behind them stand exact match and F1 of the answers, shares from 0 to 1, unless there are ids instead of text.
        """
        if not self.compiled:
            self._compile_default()
        dataset = self.evaluation_dataset(x, y, sample_weight, batch_size)
        found = super().evaluate(dataset, verbose=verbose, steps=steps, callbacks=callbacks, **kwargs)
        texts = self._texts_of_ids.get(dataset)
        if texts is None:
            return found
        scores = self._scores(texts.take(-1 if steps is None else steps))
        if kwargs.get("return_dict"):
            return {**found, **scores}
        return [*(found if isinstance(found, list) else [found]), *scores.values()]

    def _scores(self, batches: tf.data.Dataset) -> dict[str, float]:
        """Exact match and F1 of the answers to batches of columns and labels."""
        scores = SquadScores()
        for columns, labels, *_ in batches:
            scores.update_state(right_texts(labels), self.answer_function(columns)["answer"][:, 0])
        return {name: float(share) for name, share in scores.result().items()}

    def _tokenized(self, dataset, epochs):
        ids = super()._tokenized(dataset, epochs)
        if ids is not dataset:
            self._texts_of_ids[ids] = dataset
        return ids

    def _batches_of_source(self, source, epochs, learn):
        batches = super()._batches_of_source(source, epochs, learn)
        return batches.cache() if isinstance(source, Iterator) and not learn else batches  # it is run through twice
