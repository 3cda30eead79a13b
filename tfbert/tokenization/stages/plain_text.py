"""Text without added tokens to word pieces: exact, and fast where no word is very long."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfbert.tokenization.characters.character_tables import NormalizerOptions, character_outputs, mark_ranks
from tfbert.tokenization.characters.normalizer_model import spelled_normalizer
from tfbert.tokenization.characters.spelling import Spelling, fixed_width_spelling, native_spelling
from tfbert.tokenization.stages.mark_order import mark_order
from tfbert.tokenization.stages.normalized_stage import NormalizedStage
from tfbert.tokenization.stages.normalizer import Normalizer
from tfbert.tokenization.stages.pieces import Pieces
from tfbert.tokenization.stages.source_offsets import to_source_offsets
from tfbert.tokenization.stages.wordpiece import WordpieceModel

MAX_REPEATS = 1000  # of a regular expression


class PlainTextTokenizer:
    """Word pieces of text that holds no added token.

    The limit on the characters of a word takes letters of one width, which cost speed. So text keeps its own letters,
    and only a batch that may hold a longer word goes the slower way, `limited`.

    Args:
        vocab_list: Sequence of str; the position is the id.
        options: `NormalizerOptions`.
        unk_token, wordpieces_prefix, max_input_chars_per_word: As in `WordpieceModel`.

    Example:
        >>> tokenizer = PlainTextTokenizer(["[UNK]", "run", "##ning"], NormalizerOptions(), "[UNK]", "##", 100)
        >>> tokenizer(tf.constant(["running far"]), offsets=False).ids.numpy().tolist()
        [1, 2, 0]
    """

    def __init__(
        self,
        vocab_list: Sequence[str],
        options: NormalizerOptions,
        unk_token: str,
        wordpieces_prefix: str,
        max_input_chars_per_word: int,
    ):
        outputs = character_outputs(options)

        def spelled(spelling: Spelling) -> NormalizedStage:
            wordpiece = WordpieceModel(
                vocab_list, outputs, spelling, unk_token, wordpieces_prefix, max_input_chars_per_word
            )
            marks = {
                mark: rank for mark, rank in mark_ranks().items() if options.strip_accents and spelling.known[mark]
            }
            order = mark_order({chr(spelling.letters[mark]): rank for mark, rank in marks.items()})
            return NormalizedStage(Normalizer(spelled_normalizer(outputs, spelling), order), wordpiece)

        self.limited = spelled(fixed_width_spelling(outputs, vocab_list))
        self._native = spelled(native_spelling(outputs, vocab_list))
        self._max_characters = max_input_chars_per_word

    def __call__(self, text: tf.Tensor, offsets: bool) -> Pieces:
        """Tokenize text [N] string; returns `Pieces`."""
        if offsets:
            normalized, source = self._native.normalizer.with_source(text)
        else:
            normalized, source = self._native.normalizer(text), None

        def native():
            pieces = self._native.rest(normalized, offsets)
            return to_source_offsets(pieces, text, source) if offsets else pieces

        return tf.cond(self._may_hold_a_longer_word(normalized), lambda: self.limited(text, offsets), native)

    def _may_hold_a_longer_word(self, normalized: tf.Tensor) -> tf.Tensor:
        too_many = self._max_characters + 1
        if too_many > MAX_REPEATS:
            return tf.reduce_any(tf.strings.length(normalized) >= too_many)
        # A longer word has this many characters in a row that are no blank, ASCII punctuation or common Chinese.
        letters = r"[^ !-/:-@\[-`{-~\x{3400}-\x{9FFF}]"
        return tf.reduce_any(tf.strings.regex_full_match(normalized, rf"(?s)\C*{letters}{{{too_many}}}\C*"))
