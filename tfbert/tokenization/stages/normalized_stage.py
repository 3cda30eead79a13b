"""Normalises text, has it tokenized, and carries the offsets back to the text as it came."""

from __future__ import annotations

import tensorflow as tf

from tfbert.tokenization.stages.normalizer import Normalizer
from tfbert.tokenization.stages.pieces import Pieces, Stage
from tfbert.tokenization.stages.source_offsets import to_source_offsets


class NormalizedStage:
    """A normalizer and the stage that follows it.

    Args:
        normalizer: `Normalizer`.
        rest: Stage that tokenizes normalised text.
    """

    def __init__(self, normalizer: Normalizer, rest: Stage):
        self.normalizer = normalizer
        self.rest = rest

    def __call__(self, text: tf.Tensor, offsets: bool) -> Pieces:
        """Tokenize text [N] string; returns `Pieces`."""
        if not offsets:
            return self.rest(self.normalizer(text), False)
        normalized, source = self.normalizer.with_source(text)
        return to_source_offsets(self.rest(normalized, True), text, source)
