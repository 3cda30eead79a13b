"""Answers as SQuAD writes them, and where each window on their contexts shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import tensorflow as tf

KEYS = ("answer_start", "text")
FORM = (
    '`y` must be {"answer_start": [...], "text": [...]}, one entry for each question, or a list of such dicts, as '
    "SQuAD has them; an empty text or list says that the context holds no answer."
)


def read_answers(answers: Any) -> list[tuple[int, str]]:
    """Return where each answer begins and what it is, in any of the user's forms.

    Args:
        answers: A dict of columns `answer_start`, in characters of the context, and `text`; or such a dict for each
            row. An entry may be a list, of which the first counts; an empty list or text is no answer.

    Returns:
        A list of (begin, text), (0, "") where there is no answer.

    Raises:
        ValueError: If it is none of that.

    Example:
        >>> read_answers([{"answer_start": [11], "text": ["Berlin"]}, {"answer_start": [], "text": []}])
        [(11, 'Berlin'), (0, '')]
    """
    if isinstance(answers, Mapping):
        starts, texts = (list(column) for column in _entries(answers, ""))
        if len(starts) != len(texts):
            raise ValueError(f"{FORM} Received: {len(starts)} of `answer_start` and {len(texts)} of `text`.")
        rows: Iterable[Any] = zip(starts, texts)
    elif isinstance(answers, str | bytes) or not isinstance(answers, Iterable):
        raise ValueError(f"{FORM} Received: {type(answers).__name__}.")
    else:
        rows = (_entries(answer, f" at row {row}") for row, answer in enumerate(answers))
    read = [_read(start, text, row) for row, (start, text) in enumerate(rows)]
    if not read:
        raise ValueError(f"{FORM} Received: none.")
    return read


def as_columns(answers: Iterable[tuple[int, str]]) -> dict[str, np.ndarray]:
    """Return answers as `read_answers` gives them as columns that `tf.data` can batch."""
    starts, texts = zip(*answers)
    return {"answer_start": np.array(starts, np.int32), "text": np.array([text.encode() for text in texts], object)}


def answer_positions(
    answers: Any, contexts: tf.Tensor, row: tf.Tensor, offsets: tf.Tensor, in_context: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Return the first and the last piece of the answer in each window; [CLS] where the window does not show it all.

    Args:
        answers: dict of `answer_start`, integers [B], in characters, and `text`, string [B].
        contexts: string [B].
        row: int32 [R]. The context of each window.
        offsets: int32 [R, S, 2]. Where each piece begins and ends, in bytes of the context.
        in_context: bool [R, S].

    Returns:
        A dict of int32 [R], `start_positions` and `end_positions`.

    Raises:
        ValueError: If `answers` has another form.
        InvalidArgumentError: When run, if a text does not stand where it is said to.

    Source: the preparation of SQuAD in the examples of Hugging Face transformers.
    """
    starts, texts = _tensors(answers)
    before = tf.strings.substr(contexts, tf.zeros_like(starts), starts, unit="UTF8_CHAR")
    begin, size = tf.strings.length(before), tf.strings.length(texts)
    misplaced = tf.strings.substr(contexts, begin, size) != texts
    message = "Each `text` must stand in its context from the character `answer_start` on. These do not:"
    shown = tf.strings.regex_replace(tf.boolean_mask(texts, misplaced), "[^ -~]", "?")  # errors may cut a character
    fits = tf.debugging.Assert(~tf.reduce_any(misplaced), [message, tf.boolean_mask(starts, misplaced), shown])
    with tf.control_dependencies([fits]):
        begin, end = (tf.gather(values, row)[:, None] for values in (begin, begin + size))  # [R, 1]
    position = tf.range(tf.shape(offsets)[1])
    begun = in_context & (offsets[..., 0] <= begin)
    ended = in_context & (offsets[..., 1] >= end)
    shown = tf.reduce_any(begun, axis=1) & tf.reduce_any(ended, axis=1) & (begin < end)[:, 0]
    first = tf.reduce_max(tf.where(begun, position, 0), axis=1)
    last = tf.reduce_min(tf.where(ended, position, tf.size(position)), axis=1)
    return {"start_positions": tf.where(shown, first, 0), "end_positions": tf.where(shown, last, 0)}


def _entries(answer: Any, place: str) -> tuple[Any, Any]:
    if not isinstance(answer, Mapping) or any(key not in answer for key in KEYS):
        found = sorted(answer) if isinstance(answer, Mapping) else type(answer).__name__
        raise ValueError(f"{FORM} Received: {found}{place}.")
    return answer["answer_start"], answer["text"]


def _read(start: Any, text: Any, row: int) -> tuple[int, str]:
    if isinstance(start, list | tuple | np.ndarray) and isinstance(text, list | tuple | np.ndarray):
        if not len(start) and not len(text):
            return 0, ""
        start, text = start[0], text[0]
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if not isinstance(text, str) or not isinstance(start, Integral) or (text and start < 0):
        raise ValueError(f"{FORM} Received: answer_start={start!r}, text={text!r} at row {row}.")
    return (int(start), text) if text else (0, "")


def _tensors(answers: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """`answer_start` and `text` [B] of a batch, which may come from a user's dataset."""
    if isinstance(answers, Mapping) and all(key in answers for key in KEYS):
        starts, texts = (tf.convert_to_tensor(answers[key]) for key in KEYS)
        if starts.dtype.is_integer and texts.dtype == tf.string and starts.shape.rank == texts.shape.rank == 1:
            return tf.where(texts == "", 0, tf.cast(starts, tf.int32)), texts
    raise ValueError(
        'The labels of a dataset must be {"answer_start": whole numbers, "text": strings}, one each for a question. '
        f"Received: {tf.nest.map_structure(lambda value: (value.dtype.name, value.shape), answers)}."
    )
