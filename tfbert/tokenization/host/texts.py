"""What a user hands to the host tokenizer, as one flat list of texts."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts of a call: those of all first segments, then those of all second ones.

    Args:
        flat: list of str. Texts, or words where they came split.
        words: list of int or None. How many words each segment has; None where a segment is one text.
        segments: int. 1, or 2 for pairs.
        batched: bool. Whether a batch was given, not a single text.
    """

    flat: list[str]
    words: list[int] | None
    segments: int
    batched: bool

    @classmethod
    def of(cls, text: Any, text_pair: Any = None, is_split_into_words: bool = False) -> Texts:
        """Take in texts in any form that a call of the host tokenizer takes.

        Args:
            text: str, or a list of str; with `is_split_into_words` a list of words, or a list of such lists. A batch
                may hold pairs: tuples of two texts.
            text_pair: The same for the second texts. Default None: no pairs; for a single text an empty one counts as
                none.
            is_split_into_words: bool, default False. Whether texts are lists of words.

        Returns:
            `Texts`.

        Raises:
            TypeError: If something is no text.
            ValueError: If there are not as many second texts as first ones, or only some rows are pairs.

        Example:
            >>> Texts.of(["one", "two"], ["three", "four"]).flat
            ['one', 'two', 'three', 'four']
        """
        text, text_pair = _plain(text, "text"), _plain(text_pair, "text_pair")
        if text is None:
            raise TypeError("`text` must be a str or a list of str. Received: None.")
        batched = isinstance(text, list) and (not is_split_into_words or bool(text and isinstance(text[0], list)))
        if not batched:
            columns = [[text], [text_pair]] if text_pair else [[text]]
        elif text_pair is not None:
            columns = [text, _second_texts(text_pair, len(text))]
        else:
            columns = _columns(text, is_split_into_words)
        if not is_split_into_words:
            flat = [value for column in columns for value in column]
            _check_str(flat, "Give words with is_split_into_words=True, pairs as text and text_pair.")
            return cls(flat=flat, words=None, segments=len(columns), batched=batched)
        rows = [row for column in columns for row in column]
        for row in rows:
            if not isinstance(row, list):
                raise TypeError(
                    f"With is_split_into_words=True every text must be a list of words. Received: {row!r}. "
                    "Write text.split(), or leave is_split_into_words out."
                )
        flat = [word for row in rows for word in row]
        _check_str(flat, "With is_split_into_words=True every text is a list of words.")
        return cls(flat=flat, words=[len(row) for row in rows], segments=len(columns), batched=batched)

    def row_splits(self, of_flat: np.ndarray) -> np.ndarray:
        """Return where the pieces of each segment begin, given where those of each flat text do; int [N + 1]."""
        if self.words is None:
            return of_flat
        return of_flat[np.concatenate([[0], np.cumsum(self.words, dtype=np.int64)])]

    def is_ascii(self) -> bool:
        """Whether bytes are characters."""
        return all(map(str.isascii, self.flat))


def _plain(value: Any, name: str) -> Any:
    """Return tuples, arrays and Series as lists."""
    if value is None or isinstance(value, str):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, str | list | tuple):
        raise TypeError(f"`{name}` must be a str or a list of str. Received: {value!r} ({type(value).__name__}).")
    if isinstance(value, str):
        return value
    return [_plain(each, name) if isinstance(each, list | tuple) or hasattr(each, "tolist") else each for each in value]


def _second_texts(text_pair: Any, rows: int) -> list[Any]:
    if isinstance(text_pair, str):
        raise TypeError(
            f"`text_pair` must be a list like `text`. Received: {text_pair!r}. Write [{text_pair!r}] * {rows}."
        )
    if len(text_pair) != rows:
        raise ValueError(
            f"`text` and `text_pair` must have the same number of rows. Received: {rows} and {len(text_pair)}."
        )
    return text_pair


def _columns(rows: list[Any], is_split_into_words: bool) -> list[list[Any]]:
    """Return a batch as one column, or as two where its rows are pairs."""

    def is_pair(row: Any) -> bool:
        return isinstance(row, list) and len(row) == 2 and (not is_split_into_words or isinstance(row[0], list))

    pairs = sum(map(is_pair, rows))
    if not pairs:
        return [rows]
    if pairs < len(rows):
        raise ValueError(
            f"Either all rows of a batch must be pairs or none. Received: {pairs} of {len(rows)}. Make two calls."
        )
    return [[row[0] for row in rows], [row[1] for row in rows]]


def _check_str(flat: list[Any], advice: str) -> None:
    for position, value in enumerate(flat):
        if not isinstance(value, str):
            raise TypeError(
                f"Every text must be a str. Received: {value!r} ({type(value).__name__}) at position {position}. "
                f"{advice}"
            )
