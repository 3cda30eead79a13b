"""Checks of options: the message names the option, what it may be, and what it was."""

from __future__ import annotations

from collections.abc import Collection
from numbers import Integral
from typing import Any

DEFAULT_BATCH_SIZE = 32


def check_choice(name: str, value: Any, allowed: Collection[Any]) -> None:
    """Refuse a value that is none of the allowed ones.

    Args:
        name: str. The option.
        value: What was given.
        allowed: Collection of what may be given.

    Raises:
        ValueError: If it is none of them.
    """
    if not isinstance(value, str | None) or value not in allowed:
        raise ValueError(f"`{name}` must be one of {list(allowed)}. Received: {value!r}.")


def check_count(name: str, value: Any, least: int = 1, optional: bool = False) -> None:
    """Refuse what is no whole number, or too small a one.

    Args:
        name: str. The option.
        value: What was given.
        least: int, default 1. The smallest value.
        optional: bool, default False. Whether None will do.

    Raises:
        ValueError: If it is none.
    """
    if optional and value is None:
        return
    if not is_integer(value) or value < least:
        kind = f"{'None or ' if optional else ''}an integer of at least {least}"
        raise ValueError(f"`{name}` must be {kind}. Received: {value!r}.")


def checked_batch_size(batch_size: int | None) -> int:
    """Return a batch size, the default for None; refuse what is none."""
    check_count("batch_size", batch_size, optional=True)
    return DEFAULT_BATCH_SIZE if batch_size is None else batch_size


def is_integer(value: Any) -> bool:
    """Whether a value is a whole number of Python or NumPy, and no bool."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_flag(name: str, value: Any, others: str = "") -> None:
    """Refuse what is neither True nor False.

    Args:
        name: str. The option.
        value: What was given.
        others: str, default "". What else the message offers, such as "None, ".

    Raises:
        ValueError: If it is neither.
    """
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` must be {others}True or False. Received: {value!r}.")
