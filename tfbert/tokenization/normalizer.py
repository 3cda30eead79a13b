"""First stage: raw text to normalised text (cleaned, lower-cased, accents stripped)."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_text as tf_text


class Normalizer:
    """BERT's normalisation by tensorflow-text's own table.

    Args:
        do_lower_case: bool. Lower-case, decompose and strip accents.

    Example:
        >>> Normalizer(do_lower_case=True)(tf.constant(["Café"])).numpy().tolist()
        [b'cafe']

    Source: `FastBertNormalizer` of tensorflow-text.
    """

    def __init__(self, do_lower_case: bool):
        self._kernel = tf_text.FastBertNormalizer(lower_case_nfd_strip_accents=do_lower_case)

    def __call__(self, text: tf.Tensor) -> tf.Tensor:
        """Normalise text [B] string; returns [B] string."""
        return self._kernel.normalize(text)
