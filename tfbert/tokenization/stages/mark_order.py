"""Combining marks in canonical order, which a table of single characters cannot establish."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf


class MarkOrder:
    """Sorts each run of marks by rank; marks of one rank keep their order.

    It matters only where a vocabulary spells words with marks of several ranks, which hardly any does.

    Args:
        ranks: Mapping from character to rank, for the marks to sort.

    Example:
        >>> MarkOrder({"x": 2, "y": 1})(tf.constant(["axyx"])).numpy().tolist()
        [b'ayxx']

    Source: the Unicode Standard, section 3.11, Canonical Ordering Algorithm.
    """

    def __init__(self, ranks: Mapping[str, int]):
        self._swaps = []
        for rank in sorted(set(ranks.values()))[1:]:
            here = "".join(mark for mark, other in ranks.items() if other == rank)
            lower = "".join(mark for mark, other in ranks.items() if other < rank)
            self._swaps.append(f"([{here}])([{lower}])")

    def __call__(self, text: tf.Tensor) -> tf.Tensor:
        """Return texts [N] with their marks in order; no text changes its length."""
        out_of_order = rf"(?s)\C*(?:{'|'.join(self._swaps)})\C*"

        def swapped(text):
            for swap in self._swaps:
                text = tf.strings.regex_replace(text, swap, r"\2\1")
            return (text,)

        return tf.while_loop(
            lambda text: tf.reduce_any(tf.strings.regex_full_match(text, out_of_order)), swapped, (text,)
        )[0]


def mark_order(ranks: Mapping[str, int]) -> MarkOrder | None:
    """Return the `MarkOrder` of marks, or None where there is nothing to sort.

    Args:
        ranks: Mapping from character to rank.

    Returns:
        `MarkOrder` or None.
    """
    return MarkOrder(ranks) if len(set(ranks.values())) > 1 else None
