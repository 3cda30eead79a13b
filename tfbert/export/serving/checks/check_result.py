"""CheckResult: what one check of a bundle found."""

from __future__ import annotations

import dataclasses

PASSED, FAILED, SKIPPED = "ok", "failed", "skipped"


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """One check.

    Args:
        where: str. What was looked at, such as "sentiment/1".
        name: str. Such as "manifest".
        status: str. "ok", "failed", or "skipped", where there is nothing to look at or it is too damaged.
        detail: str. What was found, or is wrong.
    """

    where: str
    name: str
    status: str
    detail: str
