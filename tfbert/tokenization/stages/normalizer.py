"""Raw text to normalised text, by a table of what each character becomes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text

from tfbert.tokenization.stages.mark_order import MarkOrder


class Normalizer:
    """Replaces each character by what a model says.

    Args:
        model: uint8 [size], as `normalizer_model` makes it.
        order: `MarkOrder` or None. Sorts combining marks afterwards.

    Source: `FastBertNormalizer` of tensorflow-text, whose kernel it runs.
    """

    def __init__(self, model: np.ndarray, order: MarkOrder | None = None):
        self.order = order
        self._kernel = tf_text.FastBertNormalizer(model_buffer=tf.constant(model))

    def __call__(self, text: tf.Tensor) -> tf.Tensor:
        """Normalise text [N] string; returns [N] string."""
        return self._ordered(self._kernel.normalize(text))

    def with_source(self, text: tf.Tensor) -> tuple[tf.Tensor, tf.RaggedTensor]:
        """Normalise text [N]; also returns the byte of it that each byte comes from, ragged int64 [N, (bytes + 1)]."""
        normalized, source = self._kernel.normalize_with_offsets(text)
        return self._ordered(normalized), tf.cast(source, tf.int64)

    def _ordered(self, text: tf.Tensor) -> tf.Tensor:
        return text if self.order is None else self.order(text)
