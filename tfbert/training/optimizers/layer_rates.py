"""Layer-wise learning rates."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LAYER = re.compile(r"/layer_(\d+)/")
_EMBEDDINGS = "/embeddings/"


def layer_rates(paths: Sequence[str], decay: float) -> list[float]:
    """Return by what the learning rate of each variable is multiplied: the nearer to the input, the less.

    Args:
        paths: Sequence of str. Paths of Keras variables, such as "bert/encoder/layer_0/attention/qkv/kernel".
        decay: float. The quotient of one layer and the next; 1.0 makes all rates equal.

    Returns:
        A list of float: `decay**(L + 1 - i)` for layer i from 1 to L, `decay**(L + 1)` for embeddings, else 1.0.

    Raises:
        ValueError: If `decay` is not 1 and no path lies in embeddings or layers.

    Example:
        >>> layer_rates(["bert/embeddings/norm/gamma", "bert/encoder/layer_0/qkv/kernel", "classifier/kernel"], 0.5)
        [0.25, 0.5, 1.0]

    Source: Clark et al., "ELECTRA" (2020), appendix B, after Howard & Ruder, "ULMFiT" (2018). ELECTRA's code counts a
    layer more between the last one and the head.
    """
    depths = [_depth(f"/{path}") for path in paths]
    inner = [depth for depth in depths if depth is not None]
    if decay != 1 and not inner:
        raise ValueError(
            f"`layer_decay` must be 1.0 where neither embeddings nor layers of a BERT are trained. Received: {decay!r}."
        )
    top = max(inner, default=0) + 1
    return [1.0 if depth is None else float(decay) ** (top - depth) for depth in depths]


def _depth(path: str) -> int | None:
    """0 for embeddings, the number of a layer from 1, None for what comes after."""
    layer = _LAYER.search(path)
    if layer:
        return int(layer[1]) + 1
    return 0 if _EMBEDDINGS in path else None
