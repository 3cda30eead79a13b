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


def check_normalization(
    do_lower_case: bool, strip_accents: bool | None, tokenize_chinese_chars: bool, clean_text: bool
) -> None:
    """Refuse what the table of the normalizer cannot do, rather than tokenize differently from the checkpoint.

    Args:
        do_lower_case, strip_accents, tokenize_chinese_chars, clean_text: As in `FastBertTokenizer`.

    Raises:
        ValueError: If a value is not supported.
    """
    if strip_accents is not None and strip_accents != do_lower_case:
        raise ValueError(
            "`strip_accents` must be None or equal `do_lower_case` in this version. "
            f"Received: strip_accents={strip_accents!r}, do_lower_case={do_lower_case!r}."
        )
    for name, value in (("tokenize_chinese_chars", tokenize_chinese_chars), ("clean_text", clean_text)):
        if value is not True:
            raise ValueError(f"`{name}` must be True in this version. Received: {value!r}.")
