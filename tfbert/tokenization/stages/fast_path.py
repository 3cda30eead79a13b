"""One look at a whole batch tells whether any text of it needs care; hardly any does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import tensorflow as tf

from tfbert.tokenization.stages.normalizer import Normalizer
from tfbert.tokenization.stages.pieces import Pieces, Stage
from tfbert.tokenization.stages.source_offsets import to_source_offsets
from tfbert.tokenization.stages.wordpiece import WordpieceStage

MAX_REPEATS = 500  # of a regular expression; more take RE2 more memory than it allows itself
# A word of more characters holds as many of these in a row: no blank, no ASCII punctuation, no common Chinese.
LETTER = r"[^ !-/:-@\[-`{-~\x{3400}-\x{9FFF}]"


class FastPath:
    """Normalises and splits, unless the normalised text may hold an added token or a word that is too long.

    Args:
        normalizer: `Normalizer`, of the spelling that `wordpiece` reads.
        wordpiece: `WordpieceStage`.
        contents: Iterable of str. The added tokens to look out for.
        careful: Stage that is right for all texts.
    """

    def __init__(self, normalizer: Normalizer, wordpiece: WordpieceStage, contents: Iterable[str], careful: Stage):
        self._normalizer = normalizer
        self._wordpiece = wordpiece
        self._careful = {offsets: _in_one_node(careful, offsets) for offsets in (False, True)}
        alarms = [_as_pattern(content.decode()) for content in normalizer(tf.constant(["", *contents])).numpy()[1:]]
        self._max_characters = wordpiece.max_characters
        if self._max_characters < MAX_REPEATS:
            alarms.append(f"{LETTER}{{{self._max_characters + 1}}}")
        self._alarm = rf"(?s)\C*(?:{'|'.join(dict.fromkeys(alarms))})\C*" if alarms else None

    def __call__(self, text: tf.Tensor, offsets: bool) -> Pieces:
        """Tokenize text [N] string; returns `Pieces`."""
        if offsets:
            normalized, source = self._normalizer.with_source(text)
        else:
            normalized, source = self._normalizer(text), None

        def fast():
            pieces = self._wordpiece.without_limit(normalized, offsets)
            return to_source_offsets(pieces, text, source) if offsets else pieces

        return tf.cond(self._needs_care(normalized), lambda: self._careful[offsets](text), fast)

    def _needs_care(self, normalized: tf.Tensor) -> tf.Tensor:
        needs_care = tf.constant(False)
        if self._alarm is not None:
            joined = tf.strings.reduce_join(normalized, separator=" ")  # one search costs less than many
            needs_care = tf.strings.regex_full_match(joined, self._alarm)
        if self._max_characters >= MAX_REPEATS:
            needs_care |= tf.reduce_any(tf.strings.length(normalized) > self._max_characters)
        return needs_care


def _in_one_node(stage: Stage, offsets: bool) -> Callable[[tf.Tensor], Pieces]:
    """The stage as one op: apart, its many ops would cost time even where they are not run."""
    signature = [tf.TensorSpec([None], tf.string)]
    attributes = {"_noinline": True}
    return tf.function(
        lambda text: stage(text, offsets), signature, autograph=False, experimental_attributes=attributes
    )


def _as_pattern(content: str) -> str:
    # Blanks may stand for those that set Chinese characters apart, which this spelling does without.
    return " *".join(map(re.escape, content.split(" ")))
