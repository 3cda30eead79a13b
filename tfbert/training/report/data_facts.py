"""DataFacts: what was recorded about one set of rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class DataFacts:
    """One set of rows.

    Args:
        files: Sequence of str. Their names.
        rows: int. Rows that were used.
        skipped: int, default 0. Rows that could not be.
    """

    files: Sequence[str]
    rows: int
    skipped: int = 0
