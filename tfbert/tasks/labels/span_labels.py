"""Spans of characters in texts, as words with labels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer

KEYS = {"start", "end", "label"}
OUTSIDE = "O"


def words_of_spans(
    tokenizer: FastBertTokenizer, texts: Sequence[str], spans: Sequence[Sequence[dict[str, Any]]]
) -> tuple[list[list[str]], list[list[str]]]:
    """Split texts into words, and label them by the spans that they are in.

    Args:
        tokenizer: `FastBertTokenizer`; a word is a piece with the pieces that go on with it.
        texts: Sequence of N str.
        spans: Sequence of N sequences of dicts `{"start": …, "end": …, "label": …}`, offsets in characters.

    Returns:
        Two lists of N lists of str: words, and their labels: "B-" and the span's label for its first word, "I-" for
        the others, "O" outside.

    Raises:
        ValueError: If something is no span of its text, or two lie over each other.
    """
    prefix = tokenizer.wordpieces_prefix
    goes_on = [token.startswith(prefix) for token in tokenizer.token_table.tokens]
    pieces = (values.to_list() for values in tokenizer.tokenize_with_offsets(list(texts)))
    words, labels = [], []
    for row, (text, given, *of_text) in enumerate(zip(texts, spans, *pieces, strict=True)):
        begins = [start for index, start in zip(of_text[0], of_text[1]) if not goes_on[index]]
        ends = list(_word_ends(of_text[0], of_text[2], goes_on))
        encoded = text.encode("utf-8")
        words.append([encoded[start:end].decode("utf-8", "replace") for start, end in zip(begins, ends)])
        labels.append(_labels(list(zip(begins, ends)), _in_bytes(text, given, row)))
    return words, labels


def names_of_spans(spans: Sequence[Sequence[dict[str, Any]]]) -> list[str]:
    """Return the labels of words that spans can give, sorted.

    Args:
        spans: As `words_of_spans` takes them, and checked by it.

    Returns:
        A list of str.

    Example:
        >>> names_of_spans([[{"start": 0, "end": 4, "label": "PER"}], []])
        ['B-PER', 'I-PER', 'O']
    """
    kinds = {span["label"] for row in spans for span in row}
    return sorted({OUTSIDE, *(f"{place}-{kind}" for kind in kinds for place in "BI")})


def _word_ends(ids: list[int], ends: list[int], goes_on: list[bool]) -> Iterator[int]:
    """The end of each word's last piece."""
    for place, end in enumerate(ends):
        if place + 1 == len(ids) or not goes_on[ids[place + 1]]:
            yield end


def _in_bytes(text: str, spans: Sequence[dict[str, Any]], row: int) -> list[tuple[int, int, str]]:
    """Spans by where they begin, in bytes of the text."""
    for span in spans:
        if not isinstance(span, dict) or not set(span) >= KEYS or not isinstance(span["label"], str):
            raise ValueError(
                f"`y` must hold spans, {{'start': 0, 'end': 4, 'label': 'PER'}}, where `x` holds texts. Received: "
                f"{span!r} at row {row}. Labels of words go with words: give text.split() in `x`."
            )
        if not all(isinstance(span[name], int | np.integer) for name in ("start", "end")):
            raise ValueError(f"Spans must begin and end at whole numbers. Received: {span!r} at row {row}.")
        if not 0 <= span["start"] < span["end"] <= len(text):
            raise ValueError(f"No characters of the text of {len(text)} are in the span {span!r} at row {row}.")
    ordered = sorted(spans, key=lambda span: span["start"])
    for one, other in itertools.pairwise(ordered):
        if other["start"] < one["end"]:
            raise ValueError(f"Spans must not lie over each other. Received: {one!r} and {other!r} at row {row}.")

    def place(characters: int) -> int:
        return len(text[:characters].encode("utf-8"))

    return [(place(span["start"]), place(span["end"]), span["label"]) for span in ordered]


def _labels(words: list[tuple[int, int]], spans: list[tuple[int, int, str]]) -> list[str]:
    """The label of each word: that of the first span which it touches."""
    labels, current, is_inside = [], 0, False
    for begin, end in words:
        while current < len(spans) and spans[current][1] <= begin:
            current, is_inside = current + 1, False
        if current < len(spans) and spans[current][0] < end:
            labels.append(f"{'I' if is_inside else 'B'}-{spans[current][2]}")
            is_inside = True
        else:
            labels.append(OUTSIDE)
    return labels
