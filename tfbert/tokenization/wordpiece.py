"""Second stage: normalised text to ragged word piece ids."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf
import tensorflow_text as tf_text

from tfbert.tokenization.vocabulary import SUBWORD_PREFIX

MAX_BYTES_PER_WORD = 100


class WordpieceModel:
    """Splits text at white space and punctuation, and words into the longest pieces of the vocabulary.

    Args:
        pieces: Sequence of str; the position is the id.
        unk_token: str. Stands for a word that the vocabulary cannot spell.

    Example:
        >>> WordpieceModel(["[UNK]", "run", "##ning"], "[UNK]")(tf.constant(["running far"])).to_list()
        [[1, 2, 0]]

    Source: `FastWordpieceTokenizer` of tensorflow-text; LinMaxMatch, Song et al., "Fast WordPiece Tokenization" (2021).
    """

    def __init__(self, pieces: Sequence[str], unk_token: str):
        self._kernel = tf_text.FastWordpieceTokenizer(
            vocab=list(pieces),
            suffix_indicator=SUBWORD_PREFIX,
            max_bytes_per_word=MAX_BYTES_PER_WORD,
            token_out_type=tf.int32,
            unknown_token=unk_token,
        )

    def __call__(self, normalized: tf.Tensor) -> tf.RaggedTensor:
        """Tokenize normalised text [B] string; returns ragged int32 [B, (L)]."""
        return self._kernel.tokenize(normalized)
