"""QuestionAnswerer: questions to answers that stand in a text."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfbert.models.bert_for_question_answering import TFBertForQuestionAnswering
from tfbert.models.model_inputs import ENCODER_INPUTS
from tfbert.option_checks import check_count, check_flag
from tfbert.tasks.base.columns import Column
from tfbert.tasks.base.scored_answers import ScoredAnswers
from tfbert.tasks.base.text_pairs import cut_to_pieces
from tfbert.tasks.decoding.answer_spans import NO_ANSWER, Spans, best_spans, merged, ranked, with_no_answer, word_ends
from tfbert.tasks.labels.answer_labels import answer_positions, as_columns, read_answers
from tfbert.tasks.labels.right_texts import with_right_texts

LONGEST_WINDOW = 384
LONGEST_OVERLAP = 128
PROBE_CONTEXTS = ("Hello", "", "é 北😀 HELLO hello", b"\xff\xe4 a", "long text " * 300)
SPECIAL_TOKENS = 3  # [CLS] question [SEP] context [SEP]
PROBE_QUESTIONS = ("a", "a", "", "é", b"\xff")  # of one piece, so that they leave room in the shortest windows


@keras.saving.register_keras_serializable(package="tfbert")
class QuestionAnswerer(ScoredAnswers):
    """Question and context in, the stretches of the context that answer best out.

    Called on `{"question": [B], "context": [B]}` it returns `answer` string, `score` float32, `start` and `end` int32
    [B, top_k], best first, offsets in bytes of the context; and `length` int32 [B], how many answers a row has: beyond
    that stand "" and 0. A long context is read through windows that overlap; the same answer from several of them
    counts once, with all their scores. Where question or context is empty a call raises an error; a served model
    returns the length 0.

    `fit` takes as labels `{"answer_start": [...], "text": [...]}`, begins in characters of the context, or the dicts
    `answers` of SQuAD; an empty text or list says that there is no answer, and trains on [CLS]. Of several answers the
    first is trained on; `evaluate` and validation count the best of them, in `exact_match` and `f1` (`SquadScores`).

    Args:
        model: `TFBertForQuestionAnswering`.
        tokenizer: `FastBertTokenizer`.
        top_k: int, default 1. How many answers at most.
        doc_stride: int or None. Pieces that neighbouring windows share; None is half a window, at most 128.
        max_answer_len: int, default 15. The most pieces of an answer.
        max_seq_len: int or None. Tokens of a window, question and special tokens included; None is the tokenizer's
            `max_length`, at most 384.
        max_question_len: int, default 64. The pieces that are kept of a question which would leave a long context no
            room in its windows; other questions stay whole, as with fast tokenizers in Hugging Face.
        handle_impossible_answer: bool, default False. Whether the empty answer, [CLS], competes with the others.
        align_to_words: bool, default True. Whether an answer that begins or ends inside a word takes all of it.
        **kwargs: `name` of the Keras model.

    Example:
        >>> answerer = QuestionAnswerer.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        >>> answerer.predict({"question": "Where?", "context": "I live in Berlin."})["answer"]  # doctest: +SKIP
        array([['Berlin']], dtype=object)

    Source: the question-answering pipeline of Hugging Face transformers 4; Devlin et al., "BERT" (2018), section 4.2.
    """

    model_class = TFBertForQuestionAnswering
    task_name = "question-answering"
    objectives = TFBertForQuestionAnswering.objectives
    columns = (Column("question"), Column("context"))

    option_names = (
        "top_k",
        "doc_stride",
        "max_answer_len",
        "max_seq_len",
        "max_question_len",
        "handle_impossible_answer",
        "align_to_words",
    )

    def __init__(
        self,
        model,
        tokenizer,
        top_k=1,
        doc_stride=None,
        max_answer_len=15,
        max_seq_len=None,
        max_question_len=64,
        handle_impossible_answer=False,
        align_to_words=True,
        **kwargs,
    ):
        super().__init__(model, tokenizer, **kwargs)
        check_count("top_k", top_k)
        check_count("doc_stride", doc_stride, least=0, optional=True)
        check_count("max_answer_len", max_answer_len)
        check_count("max_seq_len", max_seq_len, optional=True)
        check_count("max_question_len", max_question_len)
        check_flag("handle_impossible_answer", handle_impossible_answer)
        check_flag("align_to_words", align_to_words)
        self.top_k = top_k
        self.doc_stride = doc_stride
        self.max_answer_len = max_answer_len
        self.max_seq_len = max_seq_len
        self.max_question_len = max_question_len
        self.handle_impossible_answer = handle_impossible_answer
        self.align_to_words = align_to_words
        self._check_windows()

    def _check_windows(self) -> None:
        length, positions = self.window_length, self.config.max_position_embeddings
        padded = self.tokenizer.packing_options(max_length=length).longest_padded
        if padded > positions:
            received = f"{length}{f', padded to {padded}' if padded > length else ''}"
            raise ValueError(f"`max_seq_len` must be at most {positions}, the model's positions. Received: {received}.")
        if self._question_room < 1:
            raise ValueError(
                f"`doc_stride` must be less than {length - SPECIAL_TOKENS - 1}, so that a window of {length} has "
                f"room for a question and goes on. Received: {self.window_overlap}."
            )

    @property
    def window_length(self) -> int:
        """Tokens of a window."""
        return min(self.tokenizer.max_length, LONGEST_WINDOW) if self.max_seq_len is None else self.max_seq_len

    @property
    def window_overlap(self) -> int:
        """Pieces of the context that neighbouring windows share."""
        return min(self.window_length // 2, LONGEST_OVERLAP) if self.doc_stride is None else self.doc_stride

    @property
    def _question_room(self) -> int:
        """The most pieces of a question beside which the windows of a long context go on."""
        return self.window_length - SPECIAL_TOKENS - self.window_overlap - 1

    def read_inputs(self, inputs):
        """Turn the user's text, in any form, into string columns [B]; refuse empty ones where they are at hand."""
        columns = super().read_inputs(inputs)
        for name, texts in columns.items():
            if hasattr(texts, "numpy") and (texts.numpy() == b"").any():
                row = np.argmax(texts.numpy() == b"")
                raise ValueError(f"`{name}` cannot be empty. Received: '' at row {row}.")
        return columns

    def tokenize(self, columns):
        """Return the windows [R, S] of all rows, and what `decode` needs beside them."""
        return self._pair(
            columns,
            stride=self.window_overlap,
            return_overflowing_tokens=True,
            return_offsets=True,
            return_special_tokens_mask=True,
        )

    def ids_of(self, columns):
        return self._pair(columns)

    def _pair(self, columns, **options):
        room = self._question_room
        # A context of fewer bytes than a window has tokens needs no second window.
        is_long = tf.strings.length(columns["context"]) > self.window_length - SPECIAL_TOKENS - room
        kept = min(room, self.max_question_len)
        return self.tokenizer(
            cut_to_pieces(self.tokenizer, columns["question"], room, kept, is_long),
            columns["context"],
            truncation="only_second",
            max_length=self.window_length,
            padding_side="right",
            return_attention_mask=True,
            return_token_type_ids=True,
            **options,
        )

    def forward(self, features, training):
        inputs = {name: features[name] for name in ENCODER_INPUTS if name in features}
        outputs = self.model(inputs, training=training)
        return {"start_logits": outputs.start_logits, "end_logits": outputs.end_logits}  # [R, S]

    def decode(self, outputs, features, columns):
        in_context, row = _in_context(features), features["overflow_to_sample_mapping"]
        count = 2 * self.top_k + 10 if self.align_to_words else self.top_k  # words make one of several spans
        first, last, scores, no_answer = best_spans(
            outputs["start_logits"], outputs["end_logits"], in_context, count, self.max_answer_len
        )
        if self.align_to_words:
            begin, end = word_ends(tf.gather(self._begins_word(), features["input_ids"]), in_context)
            first, last = tf.gather(begin, first, batch_dims=1), tf.gather(end, last, batch_dims=1)
        start = tf.gather(features["offset_mapping"][..., 0], first, batch_dims=1)
        end = tf.gather(features["offset_mapping"][..., 1], last, batch_dims=1)

        asked = tf.reduce_all([tf.strings.length(texts) > 0 for texts in columns.values()], axis=0)  # [B]
        kept = (scores >= 0.0) & tf.gather(asked, row)[:, None]  # [R, K]
        rows = tf.broadcast_to(row[:, None], tf.shape(scores))
        spans = Spans(*(tf.boolean_mask(values, kept) for values in (rows, start, end, scores)))
        answers, spans = merged(columns["context"], spans)
        if self.handle_impossible_answer:
            no_answer = tf.math.unsorted_segment_min(no_answer, row, tf.size(asked))
            answers, spans = with_no_answer(answers, spans, tf.where(asked, no_answer, NO_ANSWER))
        return ranked(answers, spans, tf.size(asked), self.top_k)

    def _begins_word(self) -> np.ndarray:
        """Whether each token begins a word, bool [V]: all but continuations; added tokens are words of their own."""
        table, prefix = self.tokenizer.token_table, self.tokenizer.wordpieces_prefix
        begins = np.array([not token.startswith(prefix) for token in table.tokens])
        begins[[index for _, index in table.found]] = True
        return begins

    # === Training ===

    def training_batch(self, columns, answers, *weights):
        """Return the windows of a batch, the positions of the answers in them, and the weights of their rows."""
        features = self.tokenize(columns)
        row = features["overflow_to_sample_mapping"]
        labels = answer_positions(answers, columns["context"], row, features["offset_mapping"], _in_context(features))
        inputs = {name: features[name] for name in ENCODER_INPUTS if name in features}
        return (inputs, labels, *(tf.gather(weight, row) for weight in weights))

    def _rows(self, x, y, sample_weight, learn=False):
        columns, labels, weights = super()._rows(x, None if y is None else read_answers(y), sample_weight, learn)
        return columns, with_right_texts(labels, y), weights

    def prepare_labels(self, labels: Any) -> Any:
        return as_columns(labels)

    def probes(self, names):
        return [
            {"question": list(PROBE_QUESTIONS[:count]), "context": list(PROBE_CONTEXTS[:count])}
            for count in (1, len(PROBE_CONTEXTS))
        ]


def _in_context(features: dict[str, tf.Tensor]) -> tf.Tensor:
    """Where the pieces of the context stand, bool [R, S]."""
    return (features["token_type_ids"] == 1) & (features["special_tokens_mask"] == 0)
