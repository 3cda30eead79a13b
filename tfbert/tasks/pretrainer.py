"""Pretrainer: a BERT learned from raw documents, by words that are hidden and sentences that follow."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfbert.models.bert_for_pretraining import TFBertForPreTraining
from tfbert.option_checks import check_flag
from tfbert.tasks.base.text_dataset import inputs_of, is_tokenized
from tfbert.tasks.labels.documents import read_sentences
from tfbert.tasks.labels.sentence_pairs import sentence_pairs
from tfbert.tasks.labels.token_hider import TokenHider
from tfbert.tasks.next_sentence_predictor import NextSentencePredictor
from tfbert.training.callbacks.epochs import Epochs
from tfbert.training.metrics import Accuracy, Perplexity


@keras.saving.register_keras_serializable(package="tfbert")
class Pretrainer(NextSentencePredictor):
    """Documents in; what comes out of `fit` is a BERT that knows their language.

    `fit`, `evaluate` and `validation_data` take documents: a list of them, each a list of texts; a `Path` or a list of
    them, text files with empty lines between documents; or a `tf.data.Dataset` of lines, of documents or of batches of
    documents. Segments of `max_length` tokens are cut from them, half of the second ones exchanged for one of another
    document, and 15 % of the pieces hidden, in `tf.data` and anew in each epoch; files of any size stream.

    Where `compile` was not called, the learning rate is 1e-4 throughout: how many steps documents make shows at their
    end only. With `steps_per_epoch` it warms up and decays; else compile with `LinearWarmup`.

    Called on `text` and `text_pair`, it answers as a `NextSentencePredictor`. To train on hidden pieces alone, or on
    documents of one sentence, take `MaskFiller`, which takes texts.

    Args:
        model: `TFBertForPreTraining`.
        tokenizer: `FastBertTokenizer`.
        whole_word_masking: bool, default False. Hide words as wholes.
        **kwargs: `has_new_head`, and `name` of the Keras model.

    Raises:
        ValueError: If the vocabulary has no mask token.

    Example:
        >>> config = BertConfig(vocab_size=tokenizer.vocab_size, hidden_size=256)  # doctest: +SKIP
        >>> pretrainer = Pretrainer(TFBertForPreTraining(config), tokenizer)  # doctest: +SKIP
        >>> pretrainer.fit(Path("corpus.txt"), batch_size=32, epochs=3)  # doctest: +SKIP
        >>> pretrainer.save_pretrained("my-bert")  # doctest: +SKIP

    Source: Devlin et al., "BERT" (2018), section 3.1, and its `create_pretraining_data.py`.
    """

    model_class = TFBertForPreTraining
    task_name = "pretraining"
    objectives = TFBertForPreTraining.objectives
    option_names = ("whole_word_masking",)
    default_learning_rate = 1e-4

    def __init__(self, model, tokenizer, whole_word_masking=False, **kwargs):
        super().__init__(model, tokenizer, **kwargs)
        check_flag("whole_word_masking", whole_word_masking)
        self.whole_word_masking = whole_word_masking
        self._hide = TokenHider(tokenizer, model.config.vocab_size, whole_word_masking)

    def forward(self, features, training):
        """Return `seq_relationship_logits` [B, 2], and `prediction_logits` [B, M, V] at `mask_positions` [B, M]."""
        features = dict(features)
        positions = features.pop("mask_positions", None)
        outputs = self.model.run_shared(features, training)
        logits = {"seq_relationship_logits": self.model.seq_relationship(outputs["pooler_output"])}
        if positions is None:
            return logits
        hidden = tf.gather(outputs["last_hidden_state"], tf.maximum(positions, 0), batch_dims=1)  # [B, M, D]
        return {**logits, "prediction_logits": self.model.score_vocabulary(hidden)}

    def decode(self, outputs, features, columns):
        return super().decode({"logits": outputs["seq_relationship_logits"]}, features, columns)

    # === Training ===

    def fit(self, x=None, y=None, *args, validation_data=None, **kwargs):
        """Train on documents; the further arguments are those of `keras.Model.fit`.

        Args:
            x: Documents.
            validation_data: Documents, or None.

        Returns:
            A Keras `History`.

        Raises:
            TypeError, ValueError: If something is no document, or holds no text.
            InvalidArgumentError: If there is but one document, or none in which a sentence follows another.
        """
        if isinstance(validation_data, tuple) and len(validation_data) == 1:
            (validation_data,) = validation_data  # (documents,), as Keras has it for what needs no labels
        if validation_data is not None:
            kwargs["validation_data"] = _sentences(validation_data)
        return super().fit(_sentences(x), y, *args, **kwargs)

    def training_dataset(self, x, *args, **kwargs):
        """Return what a training step sees of documents; see `TrainingData.training_dataset`."""
        return super().training_dataset(_sentences(x), *args, **kwargs)

    def evaluation_dataset(self, x, *args, **kwargs):
        """Return what `evaluate` sees of documents, the same each time."""
        return super().evaluation_dataset(_sentences(x), *args, **kwargs)

    def _batches_of_dataset(self, x, y, sample_weight, batch_size, epochs=None, learn=False):
        if is_tokenized(inputs_of(x.element_spec)):
            return super()._batches_of_dataset(x, y, sample_weight, batch_size, epochs, learn)
        if y is not None or sample_weight is not None:
            raise ValueError("Documents have neither labels nor weights: leave out `y` and `sample_weight`.")
        return sentence_pairs(x, self.tokenizer, epochs or Epochs(seed=0)).batch(batch_size)

    def training_batch(self, columns, is_other):
        return self.tokenizer(columns["text"], columns["text_pair"]), is_other

    def _tokenized(self, dataset, epochs):
        if is_tokenized(inputs_of(dataset.element_spec)):
            return dataset

        def name_labels(features, labels, is_other):
            return features, {"labels": labels, "next_sentence_label": is_other}

        return self._hide.in_batches(super()._tokenized(dataset, epochs), epochs).map(name_labels)

    def default_metrics(self):
        return {"prediction_logits": [Perplexity()], "seq_relationship_logits": [Accuracy()]}

    def class_numbers(self):
        return {}


def _sentences(documents: Any) -> tf.data.Dataset:
    """Documents as a stream of sentences; one that is that, or ids, stays."""
    if isinstance(documents, tf.data.Dataset) and isinstance(documents.element_spec, tuple):
        return documents
    return read_sentences(documents)
