"""Labels of words, as the labels of pieces that a loss takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.config import BertConfig
from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer
from tfbert.tasks.decoding.text_bytes import TextBytes
from tfbert.tasks.labels.class_labels import check_has_end, check_numbers_are_clear, encode_in_graph
from tfbert.tasks.labels.span_labels import names_of_spans, words_of_spans
from tfbert.tokenization.text_input import as_text
from tfbert.training.losses.label_losses import IGNORED_LABEL


def read_words_and_labels(
    tokenizer: FastBertTokenizer, x: Any, y: Any
) -> tuple[list[list[str]], list[list[Any]], list[str] | None]:
    """Turn what `fit` was given into words and labels.

    Args:
        tokenizer: `FastBertTokenizer`; it splits texts into words.
        x: Rows of words: lists, arrays, a Series, a dense or ragged tensor; or N texts.
        y: Rows of labels for words, of spans for texts; see `words_of_spans`.

    Returns:
        Two lists of N lists, words and their labels; and the sorted names of all labels that spans may give, None
        where labels were given.

    Raises:
        TypeError: If something is no row.
        ValueError: If a text has not as many labels as words, or something is no span.
    """
    labels = _rows(y, "y")
    if isinstance(x, tf.Tensor):
        x = x.numpy()
    if not isinstance(x, tf.RaggedTensor) and all(isinstance(text, str | bytes) for text in x):
        texts = [text.decode("utf-8", "replace") for text in as_text(x, "x").numpy()]
        if len(labels) != len(texts):
            raise ValueError(f"`y` must have one entry for each text, {len(texts)}. Received: {len(labels)}.")
        return *words_of_spans(tokenizer, texts, labels), names_of_spans(labels)
    words = _rows(x, "x")
    for row, (text, given) in enumerate(zip(words, labels)):
        if len(text) != len(given):
            raise ValueError(
                "`y` must have one label for each word. "
                f"Received: {len(text)} words and {len(given)} labels at row {row}."
            )
    return words, labels, None


def _rows(values: Any, name: str) -> list[list[Any]]:
    """Words, labels or spans as lists."""
    if isinstance(values, tf.RaggedTensor):
        values = values.to_list()
    rows = list(values.numpy() if tf.is_tensor(values) else values)
    for index, row in enumerate(rows):
        if not isinstance(row, list | tuple | np.ndarray):
            raise TypeError(f"`{name}` must hold a list for each text. Received: {row!r} at row {index}.")
    return [[_as_str(value) for value in row] for row in rows]


def joined_words(rows: Any) -> tf.Tensor:
    """Return the words of each text joined, one a line, which tokenizes as they do one by one.

    Args:
        rows: A list of lists of str, or a dense or ragged string tensor [B, W].

    Returns:
        string [B].
    """
    if not (tf.is_tensor(rows) or isinstance(rows, tf.RaggedTensor)):
        flat = [word for row in rows for word in row]
        words = as_text(flat, "x") if flat else tf.constant([], tf.string)
        rows = tf.RaggedTensor.from_row_lengths(words, [len(row) for row in rows])
    lines = tf.ragged.map_flat_values(tf.strings.regex_replace, rows, "\n", " ")
    return tf.strings.reduce_join(lines, axis=1, separator="\n")


def encode_word_labels(rows: Sequence[Sequence[Any]], config: BertConfig) -> np.ndarray:
    """Turn labels of words into class numbers.

    Args:
        rows: Sequence of sequences of names or numbers; -100 is no label.
        config: `BertConfig`, whose `label2id` names the classes.

    Returns:
        int32 [N, W], -100 after the last word of a text.

    Raises:
        ValueError: If a label is unknown, or a number may be the name of another class.
    """
    if any(not isinstance(label, str) and label != IGNORED_LABEL for labels in rows for label in labels):
        check_numbers_are_clear("y", config.label2id)
    encoded = np.full((len(rows), max(map(len, rows), default=0)), IGNORED_LABEL, np.int32)
    for row, labels in enumerate(rows):
        for word, label in enumerate(labels):
            number: Any = config.label2id.get(label) if isinstance(label, str) else label
            if number not in config.id2label and number != IGNORED_LABEL:
                raise ValueError(
                    f"Unknown label {label!r} of word {word} at row {row}; the model has "
                    f"{', '.join(map(repr, config.label2id))}. "
                    "For others write from_pretrained(..., id2label={0: …, 1: …})."
                )
            encoded[row, word] = number
    return encoded


def encode_words_in_graph(labels: tf.Tensor | tf.RaggedTensor, config: BertConfig) -> tf.Tensor:
    """Turn a batch of labels of words into class numbers, inside `tf.data`.

    Args:
        labels: Dense or ragged [B, W], names or numbers; -100 and "" are no label.
        config: `BertConfig`.

    Returns:
        int32 [B, W], -100 after the last word of a text.

    Raises:
        ValueError: If their type or shape is another, or numbers may be names of other classes.
        InvalidArgumentError: When run, if a label is unknown.
    """
    if labels.shape.rank != 2:
        raise ValueError(
            "A dataset must hold batches: words [B, W] and a label for each, [B, W]. Received: labels of shape "
            f"{labels.shape}. Write dataset.ragged_batch(32)."
        )
    if not isinstance(labels, tf.RaggedTensor):
        labels = tf.RaggedTensor.from_tensor(labels)
    flat = labels.flat_values
    is_none = flat == "" if flat.dtype == tf.string else tf.zeros_like(flat, tf.bool)
    named = tf.where(is_none, config.id2label[0], flat) if flat.dtype == tf.string else flat
    numbers = tf.where(is_none, IGNORED_LABEL, encode_in_graph(named, config))
    return labels.with_flat_values(numbers).to_tensor(IGNORED_LABEL)


def names_of_dataset(dataset: tf.data.Dataset) -> list[str] | None:
    """Return the distinct names among the labels of a dataset, sorted; None where labels are numbers.

    Args:
        dataset: Batches of words and labels, as `encode_words_in_graph` takes them.

    Raises:
        ValueError: If the dataset has no end.
    """
    if dataset.element_spec[1].dtype != tf.string:
        return None
    check_has_end(dataset)
    names: set[str] = set()
    for _, labels, *_ in dataset:
        flat = labels.flat_values if isinstance(labels, tf.RaggedTensor) else tf.reshape(labels, [-1])
        names.update(name.decode() for name in np.unique(flat.numpy()))
    return sorted(names - {""})


def labels_of_pieces(texts: tf.Tensor, features: dict[str, tf.Tensor], labels: tf.Tensor) -> tf.Tensor:
    """Give the label of each word to its first piece.

    Args:
        texts: string [B], as `joined_words` returns them.
        features: dict of int32 [B, S], as `FastBertTokenizer` returns them with `return_offsets` and
            `return_special_tokens_mask`.
        labels: int32 [B, W].

    Returns:
        int32 [B, S], -100 elsewhere.
    """
    is_piece = features["special_tokens_mask"] == 0
    places = tf.where(is_piece)
    starts = tf.gather_nd(features["offset_mapping"][..., 0], places)
    row = places[:, 0]
    word = TextBytes.of(texts).lines_before(row, starts)
    # A row cut from the left may begin in the midst of a word, whose label stands there nevertheless.
    is_first = tf.concat([tf.ones_like(row[:1], tf.bool), (row[1:] != row[:-1]) | (word[1:] != word[:-1])], axis=0)
    of_word = tf.gather_nd(labels, tf.stack([row, tf.cast(word, tf.int64)], axis=1))
    nothing = tf.fill(tf.shape(is_piece), IGNORED_LABEL)
    return tf.tensor_scatter_nd_update(nothing, places, tf.where(is_first, of_word, IGNORED_LABEL))


def _as_str(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
