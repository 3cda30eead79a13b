"""TokenClassifier: text to the entities in it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.models.bert_for_token_classification import TFBertForTokenClassification
from tfbert.option_checks import check_choice, check_count
from tfbert.tasks.base.columns import TEXT
from tfbert.tasks.base.label_learner import LabelLearner
from tfbert.tasks.decoding.entities import STRATEGIES, EntityFinder, Tokens
from tfbert.tasks.decoding.entity_overlaps import without_overlaps
from tfbert.tasks.decoding.text_bytes import TextBytes
from tfbert.tasks.decoding.token_texts import TokenTexts
from tfbert.tasks.labels.class_labels import as_label_array, class_names
from tfbert.tasks.labels.learned_entity_f1 import LearnedEntityF1
from tfbert.tasks.labels.span_labels import OUTSIDE, names_of_spans
from tfbert.tasks.labels.token_labels import (
    encode_word_labels,
    encode_words_in_graph,
    joined_words,
    labels_of_pieces,
    names_of_dataset,
    read_words_and_labels,
)
from tfbert.training.metrics import Accuracy, EntityF1

# What the tokenizer returns for `decode` beside the model's inputs.
FOR_DECODING = ("offset_mapping", "special_tokens_mask", "overflow_to_sample_mapping")


@keras.saving.register_keras_serializable(package="tfbert")
class TokenClassifier(LabelLearner):
    """Text in, entities out: names of people, places and so on, each with where it stands.

    Called on text [B] it returns, for up to E entities a text, `entity` string, `word` string (as the text has it),
    `token_str` string (as Hugging Face writes it), `score` float32, `start`, `end` int32 (in bytes of the text) and
    `index` int32 (the token's place among the tokens, 0 where they are grouped), all [B, E], and `length` int32 [B],
    how many entities a text has.

    `fit` takes lists of words and a label, name or number, for each word; or texts and for each a list of spans,
    `{"start": 0, "end": 4, "label": "PER"}` in characters, from which words are labelled "B-PER", "I-PER" and "O". A
    label stands at the first piece of its word. A dataset holds batches of words [B, W] and labels [B, W], dense or
    ragged. A model whose labels nobody has named yet learns the names: `id2label` becomes the sorted distinct labels.

    Args:
        model: `TFBertForTokenClassification`.
        tokenizer: `FastBertTokenizer`.
        aggregation_strategy: str, default "none": each token for itself. "simple" groups neighbours of one kind;
            "first", "average" and "max" first give the tokens of a word one label: that of its first token, of its
            mean scores, or of its surest token.
        ignore_labels: sequence of str, default ("O",). Entities of these names are left out; names of groups are
            without "B-" and "I-".
        stride: int or None, default None. A text longer than `max_length` is cut; with a number it is read in windows
            that share so many tokens. Needs a strategy other than "none".
        **kwargs: As `LabelLearner`.

    Example:
        >>> tagger = TokenClassifier.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        >>> tagger.fit([["Ann", "is", "here"]], [["B-PER", "O", "O"]], epochs=10)  # doctest: +SKIP
        >>> tagger.with_options(aggregation_strategy="first").predict(["Ann is here"])["word"]  # doctest: +SKIP
        array([['Ann']], dtype=object)

    Source: the token-classification pipeline of Hugging Face transformers.
    """

    model_class = TFBertForTokenClassification
    task_name = "token-classification"
    columns = (TEXT,)
    option_names = ("aggregation_strategy", "ignore_labels", "stride")

    def __init__(
        self,
        model,
        tokenizer,
        aggregation_strategy="none",
        ignore_labels=("O",),
        stride=None,
        **kwargs,
    ):
        super().__init__(model, tokenizer, **kwargs)
        check_choice("aggregation_strategy", aggregation_strategy, STRATEGIES)
        if aggregation_strategy is None or isinstance(ignore_labels, str):
            raise ValueError(
                "`aggregation_strategy` must be a name and `ignore_labels` a list of names, such as ['O']. "
                f"Received: {aggregation_strategy!r} and {ignore_labels!r}."
            )
        check_count("stride", stride, least=0, optional=True)
        _check_stride(stride, aggregation_strategy, tokenizer)
        self.aggregation_strategy = aggregation_strategy
        self.ignore_labels = list(ignore_labels)
        self.stride = stride
        self._token_texts = TokenTexts(tokenizer)

    # === Text to entities ===

    def tokenize(self, columns):
        windows = {} if self.stride is None else {"return_overflowing_tokens": True, "stride": self.stride}
        return self._with_offsets(columns["text"], **windows)

    def _with_offsets(self, text, **options):
        return self.tokenizer(text, return_offsets=True, return_special_tokens_mask=True, **options)

    def forward(self, features, training):
        inputs = {name: values for name, values in features.items() if name not in FOR_DECODING}
        return {"logits": self.model(inputs, training=training).logits}  # [R, S, K]

    def decode(self, outputs, features, columns):
        texts = TextBytes.of(columns["text"])
        finder = EntityFinder(self.label_names(), self.aggregation_strategy, self.ignore_labels, self._token_texts)
        entities = finder(Tokens.of(features, outputs["logits"]), texts)
        if self.stride is not None:
            entities = without_overlaps(entities, texts)
        word = texts.cut(entities.text, entities.start, entities.end)
        return entities.rows(word, tf.size(columns["text"]))

    # === Words and labels to batches of ids ===

    def read_training_inputs(self, x):
        return {"text": joined_words(x)}

    def training_batch(self, columns, labels, *weights):
        features = self._with_offsets(columns["text"])
        inputs = {name: values for name, values in features.items() if name not in FOR_DECODING}
        return (inputs, labels_of_pieces(columns["text"], features, labels), *weights)

    def _rows(self, x, y, sample_weight, learn=False):
        if y is not None:
            x, y, names = read_words_and_labels(self.tokenizer, x, y)
            if learn and self.learns_labels and names is not None:
                self.name_labels(names)
        return super()._rows(x, y, sample_weight, learn)

    def _read_batch(self, words, labels, *weights):
        if words.shape.rank != 2:
            raise ValueError(
                "A dataset must hold batches: words [B, W] and a label for each, [B, W]. Received: words of shape "
                f"{words.shape}. Write dataset.ragged_batch(32)."
            )
        return (self.read_training_inputs(words), labels, *weights)

    def prepare_labels(self, labels: Any) -> np.ndarray:
        return encode_word_labels(labels, self.config)

    def prepare_dataset_labels(self, dataset):
        return dataset.map(lambda text, labels, *rest: (text, encode_words_in_graph(labels, self.config), *rest))

    def learn_labels(self, x, y):
        """Name and number the labels by those of the first training, if nobody has yet."""
        if not self.learns_labels:
            return
        if isinstance(x, tf.data.Dataset):
            names = names_of_dataset(x)
        elif any(isinstance(label, dict) for row in y for label in row):
            names = names_of_spans(y)
        else:
            names = class_names(as_label_array([label for row in y for label in row]))
        if names is not None:
            self.name_labels(names)
        self.learns_labels = False

    def default_metrics(self):
        if self.learns_labels:
            return [Accuracy(), LearnedEntityF1(self._learned_names)]
        names = self.label_names()  # without "O", as of parts of speech, they make no entities
        return [Accuracy(), EntityF1(names)] if OUTSIDE in names else [Accuracy()]

    def _learned_names(self):
        return [] if self.learns_labels else self.label_names()


def _check_stride(stride, aggregation_strategy: str, tokenizer) -> None:
    if stride is None:
        return
    if aggregation_strategy == "none":
        raise ValueError(
            f"`stride` needs tokens that are grouped. Received: stride={stride} with aggregation_strategy='none'. "
            "Write aggregation_strategy='simple', 'first', 'average' or 'max' beside it."
        )
    packing = tokenizer.packing_options()
    room = packing.max_length - packing.special_tokens(1)
    if stride >= room:
        raise ValueError(
            f"`stride` must be less than the {room} tokens that a window of max_length={packing.max_length} has room "
            f"for. Received: {stride}."
        )
