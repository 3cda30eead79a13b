"""Cells of a row as the values that training takes: texts, lists, labels, numbers, answers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tfbert.training.data.numerals import numeral_of_another, without_fraction
from tfbert.training.data.row_error import RowError


def read_text(cell: Any, column: str, may_be_empty: bool = False) -> str:
    """Return a text; nothing, another type, and bytes that are no UTF-8 are refused."""
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", "surrogateescape")
    if _is_nothing(cell) or (cell == "" and not may_be_empty):
        raise RowError(f"has nothing under {column!r}")
    if not isinstance(cell, str):
        raise RowError(f"holds no text under {column!r}", f": {_shown(cell)}")
    try:
        cell.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RowError(f"is not UTF-8 under {column!r}", f", at character {error.start}") from error
    return cell


def read_list(cell: Any, column: str, separator: str | None = None, splits: bool = True) -> list[str]:
    """Return several texts: of a list, of a text that is a JSON list, or of a text that a separator splits.

    Args:
        cell: The cell.
        column: str, for messages.
        separator: str or None, default None. What stands between them; None is white space.
        splits: bool, default True. Whether a text may be split.
    """
    if isinstance(cell, str) and (cell.startswith("[") or not splits):
        cell = _json(cell, cell)
    if isinstance(cell, str) and splits:
        parts = [part.strip() for part in read_text(cell, column, may_be_empty=True).split(separator)]
        cell = [part for part in parts if part]
    if _is_nothing(cell):
        raise RowError(f"has nothing under {column!r}")
    if not isinstance(cell, list):
        raise RowError(f"holds no list under {column!r}", f": {_shown(cell)}")
    return [read_text(str(part) if isinstance(part, int) else part, column) for part in cell]


def read_label(cell: Any, column: str) -> str:
    """Return the name of one class; in JSON and Parquet it may be a number, of which 3.0 is named "3"."""
    if isinstance(cell, int | float) and not _is_nothing(cell):
        return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    if isinstance(cell, list | dict):
        raise RowError("must hold one label", f" under {column!r}. Received: {_shown(cell)}")
    return read_text(cell, column)


def known_label(label: str, labels: Sequence[str] | None) -> str:
    """Return the name of the class that a label means.

    Args:
        label: str.
        labels: Sequence of str or None. The classes; None knows every label.

    Returns:
        The label where it is a name; the name that differs in a ".0" alone; or, unless a class is named by the number
        of another, the name of the class of that number.

    Raises:
        RowError: If it is none of these.
    """
    if labels is None or label in labels:
        return label
    whole = without_fraction(label)
    for name in labels:
        if without_fraction(name) == whole:
            return name
    if whole.isdecimal() and int(whole) < len(labels) and numeral_of_another(labels) is None:
        return labels[int(whole)]
    shown = ", ".join(map(repr, labels[:20])) + (", …" if len(labels) > 20 else "")
    raise RowError(f"holds the unknown label {label!r}", f"; the labels are {shown}")


def read_number(cell: Any, column: str, least: float = -math.inf, most: float = math.inf) -> float:
    """Return a finite number."""
    if _is_nothing(cell) or cell == "":
        raise RowError(f"has nothing under {column!r}")
    try:
        number = float(cell)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or isinstance(cell, bool):
        raise RowError(f"must hold a number under {column!r}", f". Received: {_shown(cell)}")
    if not least <= number <= most:
        raise RowError(f"must hold a number from {least:g} to {most:g} under {column!r}", f". Received: {_shown(cell)}")
    return number


def read_answer(cell: Any, column: str, context: str) -> dict[str, Any]:
    """Return the first answer, `{"answer_start": int, "text": str}`; 0 and "" where there is none."""
    answers = _json(cell, cell) if isinstance(cell, str) else cell
    if not isinstance(answers, Mapping) or not {"answer_start", "text"} <= set(answers):
        expected = f'must hold {{"answer_start": [...], "text": [...]}} under {column!r}'
        raise RowError(expected, f". Received: {_shown(cell)}")
    starts, texts = (
        value if isinstance(value, list) else [value] for value in (answers["answer_start"], answers["text"])
    )
    if len(starts) != len(texts):
        raise RowError(f"has {len(texts)} answers and {len(starts)} begins under {column!r}")
    if not texts or texts[0] == "":
        return {"answer_start": 0, "text": ""}
    start, text = starts[0], read_text(texts[0], column)
    if isinstance(start, bool) or not isinstance(start, int) or start < 0 or not context.startswith(text, start):
        raise RowError("holds an answer that does not stand there in its context", f": {_shown(text)} at {start!r}")
    return {"answer_start": start, "text": text}


def read_spans(cell: Any, column: str, text: str) -> list[dict[str, Any]]:
    """Return the spans of a text, `{"start": 0, "end": 4, "label": "PER"}` in characters."""
    spans = _json(cell, cell) if isinstance(cell, str) else cell
    if not isinstance(spans, list):
        raise RowError(f"holds no list under {column!r}", f": {_shown(cell)}")
    for span in spans:
        if not isinstance(span, Mapping) or not isinstance(span.get("label"), str):
            raise RowError("must hold spans", f', {{"start": 0, "end": 4, "label": "PER"}}. Received: {_shown(span)}')
        start, end = span.get("start"), span.get("end")
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
            raise RowError(f"holds a span outside its {len(text)} characters", f": {_shown(span)}")
    return spans


def _is_nothing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _json(cell: str, otherwise: Any) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return otherwise


def _shown(cell: Any, longest: int = 60) -> str:
    shown = ascii(cell)
    return shown if len(shown) <= longest else f"{shown[:longest]}…"
