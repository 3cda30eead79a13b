"""Answers cut from their contexts: the best spans of every window, whole words, spans of one text merged.

Letters: B rows of text, R windows on them, S positions and K spans of a window, N spans of the batch, M once merged.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from tfbert.tasks.decoding.text_bytes import TextBytes

OUTSIDE = -10000.0  # logit of a position that no answer can hold
NO_ANSWER = -1.0  # score of what is no answer


class Spans(NamedTuple):
    """Stretches of text, each with its score.

    Args:
        row: int32 [N]. The row of text that each belongs to.
        start: int32 [N]. Where it begins in that text, in bytes.
        end: int32 [N]. The byte after its last.
        score: float32 [N].
    """

    row: tf.Tensor
    start: tf.Tensor
    end: tf.Tensor
    score: tf.Tensor


def best_spans(
    start_logits: tf.Tensor, end_logits: tf.Tensor, in_context: tf.Tensor, count: int, max_answer_len: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the best spans of each window, and how well no answer at all scores.

    A span scores the product of the probabilities of its first and its last position, among [CLS] and the context. The
    span of [CLS] alone, which is the empty answer, counts with 0, so that it comes up only where better ones run out.

    Args:
        start_logits, end_logits: float32 [R, S].
        in_context: bool [R, S].
        count: int. How many spans are wanted of each window.
        max_answer_len: int. The most positions of a span.

    Returns:
        first, last int32 [R, K]: positions of the spans, best first; scores float32 [R, K], -1 for what is no span;
        and float32 [R], the score of no answer.

    Source: `select_starts_ends` of Hugging Face transformers 4, on a band of its S x S spans.
    """
    windows, positions = tf.unstack(tf.shape(start_logits))
    counted = in_context | (tf.range(positions) == 0)
    start, end = (tf.nn.softmax(tf.where(counted, logits, OUTSIDE)) for logits in (start_logits, end_logits))
    reach = tf.minimum(max_answer_len, positions)
    last = tf.range(positions)[:, None] + tf.range(reach)  # [S, reach]
    beyond, is_empty = last >= positions, last == 0
    last = tf.minimum(last, positions - 1)
    in_both = in_context[:, :, None] & tf.gather(in_context, last, axis=1) & ~beyond  # [R, S, reach]
    scores = tf.where(in_both, start[:, :, None] * tf.gather(end, last, axis=1), tf.where(is_empty, 0.0, NO_ANSWER))
    spans = positions * reach
    scores, best = tf.math.top_k(tf.reshape(scores, [windows, spans]), k=tf.minimum(count, spans))
    first = best // reach
    last = tf.minimum(first + best % reach, positions - 1)  # of what is no span it may lie beyond the window
    return first, last, scores, start[:, 0] * end[:, 0]


def word_ends(begins_word: tf.Tensor, in_context: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the first and the last position of the word that each position is in, as far as the window shows it.

    Args:
        begins_word: bool [R, S]. Whether a piece begins a word.
        in_context: bool [R, S]. Positions outside the context are words of their own.

    Returns:
        Two int32 [R, S].
    """
    shape = tf.shape(in_context)
    before = tf.concat([tf.zeros_like(in_context[:, :1]), in_context[:, :-1]], axis=1)
    begins = tf.reshape(begins_word | ~in_context | ~before, [-1])
    word = tf.cumsum(tf.cast(begins, tf.int32)) - 1  # [R * S]
    position = tf.range(tf.size(word)) % shape[1]
    first, last = tf.math.segment_min(position, word), tf.math.segment_max(position, word)
    return tf.reshape(tf.gather(first, word), shape), tf.reshape(tf.gather(last, word), shape)


def merged(texts: tf.Tensor, spans: Spans) -> tuple[tf.Tensor, Spans]:
    """Make one of all spans of a row that hold the same text, capital or not: the first, with all their scores.

    Args:
        texts: string [B].
        spans: `Spans`, those of a row one after the other.

    Returns:
        The texts of the spans that are left, string [M], valid UTF-8; and those spans, in their order.

    Source: the question-answering pipeline of Hugging Face transformers 4.
    """
    answers = TextBytes.of(texts).cut(spans.row, spans.start, spans.end)
    # StringLower ends at a NUL.
    lowered = tf.strings.lower(tf.strings.regex_replace(answers, r"\x00", "\ufffd"), encoding="utf-8")
    keys = tf.strings.join([tf.strings.as_string(spans.row), lowered], separator=" ")
    distinct, key = tf.unique(keys)
    first = tf.math.unsorted_segment_min(tf.range(tf.size(keys)), key, tf.size(distinct))
    score = tf.math.unsorted_segment_sum(spans.score, key, tf.size(distinct))
    row, start, end = (tf.gather(values, first) for values in spans[:3])
    return tf.gather(answers, first), Spans(row, start, end, score)


def with_no_answer(answers: tf.Tensor, spans: Spans, scores: tf.Tensor) -> tuple[tf.Tensor, Spans]:
    """Put the empty answer of each row behind all others.

    Args:
        answers: string [M].
        spans: `Spans` of M entries.
        scores: float32 [B]. What the empty answer scores; -1 where there is to be none.

    Returns:
        As given, with as many more entries as there are scores of at least 0.
    """
    row = tf.cast(tf.where(scores >= 0.0)[:, 0], tf.int32)
    nowhere = tf.zeros_like(row)
    added = Spans(row, nowhere, nowhere, tf.gather(scores, row))
    joined = Spans(*(tf.concat(parts, axis=0) for parts in zip(spans, added)))
    return tf.concat([answers, tf.fill(tf.shape(row), "")], axis=0), joined


def ranked(answers: tf.Tensor, spans: Spans, rows: tf.Tensor, top_k: int) -> dict[str, tf.Tensor]:
    """Return the best answers of each row.

    Args:
        answers: string [M].
        spans: `Spans` of M entries; of two with the same score the one before the other is the better.
        rows: int32 scalar B.
        top_k: int. The most answers of a row.

    Returns:
        A dict: `answer` string, `score` float32, `start` and `end` int32 [B, top_k], best first, "" and 0 where a row
        has fewer; `length` int32 [B], how many it has.
    """
    order = tf.argsort(spans.score, direction="DESCENDING", stable=True)
    order = tf.gather(order, tf.argsort(tf.gather(spans.row, order), stable=True))  # those of a row together
    counts = tf.math.unsorted_segment_sum(tf.ones_like(spans.row), spans.row, rows)
    rank = tf.range(top_k)
    place = tf.cumsum(counts, exclusive=True)[:, None] + rank  # [B, top_k]
    there = rank < counts[:, None]
    source = tf.where(there, tf.gather(tf.concat([order, [0]], axis=0), tf.where(there, place, 0)), tf.size(order))

    def best(values: tf.Tensor, nothing: Any) -> tf.Tensor:
        return tf.gather(tf.concat([values, [nothing]], axis=0), source)

    return {
        "answer": best(answers, ""),
        "score": best(spans.score, 0.0),
        "start": best(spans.start, 0),
        "end": best(spans.end, 0),
        "length": tf.minimum(counts, top_k),
    }
