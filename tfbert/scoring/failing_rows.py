"""Rows that fail: told from their neighbours, which are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

Rows = TypeVar("Rows", bound=Any)  # a sequence, or an array
LONGEST = 500  # characters of a reason


def answered_by_halves(answer: Callable[[Rows], Any], rows: Rows) -> Iterator[tuple[Rows, Any]]:
    """Answer rows at once or, where that fails, each half of them by itself.

    Args:
        answer: Function from rows to their answers.
        rows: Sequence or array.

    Yields:
        Some of the rows and their answers, in order; an exception in the place of answers for a single row that fails.

    Raises:
        OSError: If files cannot be read or written, which is no row's fault.

    Example:
        >>> list(answered_by_halves(lambda rows: [1 / row for row in rows], [1, 2, 0, 4]))
        [([1, 2], [1.0, 0.5]), ([0], ZeroDivisionError('division by zero')), ([4], [0.25])]
    """
    if not len(rows):
        return
    try:
        answers = answer(rows)
    except OSError:
        raise
    except Exception as error:
        if len(rows) == 1:
            yield rows, error
            return
        middle = len(rows) // 2
        yield from answered_by_halves(answer, rows[:middle])
        yield from answered_by_halves(answer, rows[middle:])
    else:
        yield rows, answers


def reason(error: Exception, values: Iterable[Any] = ()) -> str:
    """Return what went wrong in one line, without the user's texts.

    Args:
        error: The exception.
        values: Iterable of the row's: texts, str or bytes, and lists of them are left out where they are quoted.

    Returns:
        str.

    Example:
        >>> reason(ValueError("No mask in 'a private text'. Write [MASK]."), ["a private text"])
        "No mask in '…'. Write [MASK]."
    """
    message = str(getattr(error, "message", error))
    _, mark, assertion = message.partition("assertion failed: [")
    if mark:  # of TensorFlow, which says where in the graph, before and behind
        message = assertion.partition("]\n\t [[")[0]
    for value in values:
        for text in value if isinstance(value, list) else [value]:
            for quoted in _quoted(text):
                message = message.replace(quoted, "'…'")
    return " ".join(message.split())[:LONGEST] or type(error).__name__


def _quoted(text: Any) -> list[str]:
    """How a text may stand in a message: quoted as str or as bytes, whichever it is itself."""
    if isinstance(text, str):
        return [repr(text.encode("utf-8", "surrogatepass")), repr(text)]
    return [repr(text), repr(text.decode("utf-8", "replace"))] if isinstance(text, bytes) else []
