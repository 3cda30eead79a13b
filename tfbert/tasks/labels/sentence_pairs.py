"""Pairs of segments to pretrain on: half of the second ones follow the first, the others come from elsewhere."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.training.callbacks.epochs import Epochs

WINDOW = 8192  # pairs that are shuffled, and exchange their second segments
SHORT = 0.1  # of the documents, cut into short segments, so that the model sees short texts too
RANDOM = 0.5  # of the pairs, whose second segment is of another document
IS_NEXT, NOT_NEXT = 0, 1
CUT, PAIR = 1, 2  # keep the random numbers of the two steps, and those of hidden tokens, apart
WITHOUT = "or learn hidden words alone, with MaskFiller or `tfbert pretrain --no-nsp`."
ONE_DOCUMENT = (
    "The next sentence needs several documents to choose from, and there is one: put an empty line between documents, "
    + WITHOUT
)
NOTHING_FOLLOWS = (
    "The next sentence needs documents of two or more sentences that fit into `max_length` together, and none has "
    "them: write one or more sentences a line, ended by . ! or ?, and an empty line between documents only, " + WITHOUT
)


def sentence_pairs(sentences: tf.data.Dataset, tokenizer: FastBertTokenizer, epochs: Epochs) -> tf.data.Dataset:
    """Return pairs of segments of about `max_length` tokens, cut and paired anew in each epoch.

    Args:
        sentences: A dataset of (sentences string [L], documents int64 [L]); see `read_sentences`.
        tokenizer: `FastBertTokenizer`; its `max_length` is how long a pair may be.
        epochs: `Epochs`, from which all that is random follows.

    Returns:
        A dataset of ({"text": string [], "text_pair": string []}, next_sentence int32 []): 0 where the second segment
        follows the first, 1 where it is of another document.

    Raises:
        InvalidArgumentError: When run, if to begin with there is but one document, or none in which a sentence follows.

    Source: `create_pretraining_data.py` of Google's BERT, in windows instead of whole files.
    """

    @tf.autograph.experimental.do_not_convert
    def cut(window, seed):
        texts, documents = window
        lengths = _lengths(tokenizer, texts)
        return cut_pairs(texts, documents, lengths, tokenizer.max_length - 3, tf.random.fold_in(seed, CUT))

    @tf.autograph.experimental.do_not_convert
    def pair(index, both):
        (texts, following, documents), seed = both
        return draw_next(texts, following, documents, tf.random.fold_in(seed, PAIR), is_first=index == 0)

    halves = tf.data.Dataset.zip(sentences, epochs.batch_seeds()).map(cut, num_parallel_calls=tf.data.AUTOTUNE)
    windows = tf.data.Dataset.zip(halves.rebatch(WINDOW), epochs.batch_seeds()).enumerate()
    return windows.map(pair, num_parallel_calls=tf.data.AUTOTUNE).unbatch()


def full_texts(sentences: tf.data.Dataset, tokenizer: FastBertTokenizer) -> tf.data.Dataset:
    """Return neighbouring sentences joined to texts of about `max_length` tokens.

    Args:
        sentences: As `sentence_pairs` takes them.
        tokenizer: `FastBertTokenizer`.

    Returns:
        A dataset of string [].
    """

    @tf.autograph.experimental.do_not_convert
    def join(texts, documents):
        lengths = _lengths(tokenizer, texts)
        segment = _segments(lengths, _runs(documents), tokenizer.max_length - 2)
        return _joined(texts, segment, _last(segment))

    return sentences.map(join, num_parallel_calls=tf.data.AUTOTUNE).unbatch()


def cut_pairs(sentences: Any, documents: Any, lengths: Any, longest: int, seed: Any) -> tuple[tf.Tensor, ...]:
    """Cut documents into segments of about `longest` tokens, and each segment at random into two halves.

    A tenth of the documents is cut into segments of a shorter length, drawn at random.

    Args:
        sentences: Tensor string [L].
        documents: Tensor int64 [L]. The number of each sentence's document; those of one stand together.
        lengths: Tensor int [L]. Tokens of each sentence.
        longest: int.
        seed: Tensor int64 [2].

    Returns:
        Texts string [P], what follows them string [P], "" where a segment is a single sentence; and their documents
        int64 [P].
    """
    of_chance, of_target, of_cut = tf.unstack(tf.random.split(tf.cast(seed, tf.int32), 3))
    document = _runs(documents)
    count = _last(document)
    is_short = tf.random.stateless_uniform([count], of_chance) < SHORT
    short = tf.random.stateless_uniform([count], of_target, 2, max(longest, 3), tf.int32)
    segment = _segments(lengths, document, tf.gather(tf.where(is_short, short, longest), document))

    size = tf.math.bincount(segment)  # [P], sentences of each segment
    first = tf.cumsum(size, exclusive=True)
    share = tf.random.stateless_uniform(tf.shape(size), of_cut)
    cut = 1 + tf.cast(share * tf.cast(size - 1, tf.float32), tf.int32)
    is_second = tf.range(tf.size(segment)) >= tf.gather(first + cut, segment)
    halves = _joined(sentences, 2 * segment + tf.cast(is_second, tf.int32), 2 * tf.size(size))
    return halves[0::2], halves[1::2], tf.gather(documents, first)


def draw_next(texts: Any, following: Any, documents: Any, seed: Any, is_first: Any = False) -> tuple[dict, tf.Tensor]:
    """Give half of the texts, and those that nothing follows, a segment of another document; shuffle the pairs.

    Args:
        texts: Tensor string [P].
        following: Tensor string [P]. What follows each, "" for nothing.
        documents: Tensor int64 [P].
        seed: Tensor int64 [2].
        is_first: bool tensor, default False. Whether there have to be several documents, and sentences that follow.

    Returns:
        {"text": string [N], "text_pair": string [N]} and int32 [N], 0 for what follows, 1 for another one. A text that
        nothing follows is left out where there is no other document.

    Raises:
        InvalidArgumentError: If there is not what there has to be.
    """
    of_coin, of_other, of_order = tf.unstack(tf.random.split(tf.cast(seed, tf.int32), 3))
    has_next = following != ""
    # By document, so that those of one are a range which a draw can leave out.
    donors = tf.where(has_next)[:, 0]
    donors = tf.gather(donors, tf.argsort(tf.gather(documents, donors), stable=True))
    of_donors = tf.gather(documents, donors)
    begin, end = (tf.searchsorted(of_donors, documents, side) for side in ("left", "right"))
    others = tf.size(donors) - (end - begin)  # [P]
    drawn = tf.random.stateless_uniform(tf.shape(others), of_other) * tf.cast(others, tf.float32)
    drawn = tf.minimum(tf.cast(drawn, tf.int32), others - 1)
    place = tf.where(drawn >= begin, drawn + end - begin, drawn)

    coin = tf.random.stateless_uniform(tf.shape(others), of_coin) < RANDOM
    is_random = (others > 0) & (coin | ~has_next)
    elsewhere = tf.gather(tf.concat([donors, [0]], axis=0), tf.maximum(place, 0))
    second = tf.where(is_random, tf.gather(following, elsewhere), following)

    may_lack = ~tf.convert_to_tensor(is_first)
    follows = tf.debugging.Assert(tf.reduce_any(has_next) | may_lack, [NOTHING_FOLLOWS])
    with tf.control_dependencies([follows]):
        has_others = tf.reduce_any(others > 0) | may_lack
    with tf.control_dependencies([tf.debugging.Assert(has_others, [ONE_DOCUMENT])]):
        kept = tf.where(has_next | is_random)[:, 0]
    kept = tf.random.experimental.stateless_shuffle(kept, of_order)
    pairs = {"text": tf.gather(texts, kept), "text_pair": tf.gather(second, kept)}
    return pairs, tf.where(tf.gather(is_random, kept), NOT_NEXT, IS_NEXT)


def _lengths(tokenizer: FastBertTokenizer, sentences: tf.Tensor) -> tf.Tensor:
    return tf.cast(tokenizer.tokenize(sentences).row_lengths(), tf.int32)


def _runs(values: tf.Tensor) -> tf.Tensor:
    """Number the runs of equal values, 0, 0, 1, …; int32 [L]."""
    return tf.cumsum(
        tf.cast(tf.concat([tf.zeros_like(values[:1], tf.bool), values[1:] != values[:-1]], axis=0), tf.int32)
    )


def _last(numbers: tf.Tensor) -> tf.Tensor:
    """How many runs there are."""
    return tf.reduce_max(tf.concat([[-1], numbers], axis=0)) + 1


def _segments(lengths: tf.Tensor, document: tf.Tensor, target: Any) -> tf.Tensor:
    """Number the segments: a document is cut at every `target` tokens, at the next beginning of a sentence."""
    start = tf.cumsum(lengths, exclusive=True)
    within = start - tf.gather(tf.math.segment_min(start, document), document)
    place = tf.cast(within // target, tf.int64)
    return _runs(place + tf.cast(document, tf.int64) * 2**32)


def _joined(sentences: tf.Tensor, segment: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    return tf.strings.unsorted_segment_join(sentences, segment, count, separator=" ")
