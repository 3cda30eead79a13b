"""Numerals: class names that are numbers, beside numbers that stand for classes."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMERAL = re.compile(r"[+-]?\d+(\.\d*)?")
WHOLE = re.compile(r"([+-]?\d+)\.0*")


def without_fraction(text: str) -> str:
    """Return the numeral of a whole number without its ".0", which pandas gives it beside nulls; other texts as is.

    Example:
        >>> [without_fraction(text) for text in ("3.0", "3.5", "good")]
        ['3', '3.5', 'good']
    """
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def numeral_of_another(names: Sequence[str]) -> int | None:
    """Return the first class whose name is a numeral, but not that of its own number.

    Beside such a class a number is no class number: 3 may mean the class 3, or the one named "3".

    Args:
        names: Sequence of str. The classes in their order.

    Returns:
        Its number, or None if there is none.

    Example:
        >>> numeral_of_another(["1", "2"]), numeral_of_another(["0", "1"]), numeral_of_another(["bad", "good"])
        (0, None, None)
    """
    for number, name in enumerate(names):
        if NUMERAL.fullmatch(name) and without_fraction(name) != str(number):
            return number
    return None
