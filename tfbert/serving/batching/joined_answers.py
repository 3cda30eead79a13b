"""The answers to the parts of a request, joined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfbert.serving.batching.job import Arrays


def joined_answers(answers: Sequence[Arrays]) -> Arrays:
    r"""Return answers as one; bytes stay as they are.

    Args:
        answers: Sequence of dicts of arrays [B, …] with the same names; widths may differ.

    Returns:
        A dict of arrays; rows are padded with zeros or b"" to the widest.

    Example:
        >>> import numpy as np
        >>> joined_answers([{"ids": np.array([[1, 2]])}, {"ids": np.array([[3]])}])["ids"].tolist()
        [[1, 2], [3, 0]]
    """
    return {name: _joined([answer[name] for answer in answers]) for name in answers[0]}


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    if len({part.shape[1:] for part in parts}) == 1:
        return np.concatenate(parts)
    widths = np.max([part.shape[1:] for part in parts], axis=0)
    whole = np.full((sum(map(len, parts)), *widths), b"" if parts[0].dtype == object else 0, parts[0].dtype)
    start = 0
    for part in parts:
        whole[(slice(start, start + len(part)), *(slice(size) for size in part.shape[1:]))] = part
        start += len(part)
    return whole
