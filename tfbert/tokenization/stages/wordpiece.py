"""Normalised, spelled text to word piece ids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text
from tensorflow_text.core.pybinds import pywrap_fast_wordpiece_tokenizer_model_builder as model_builder

from tfbert.tokenization.characters.character_tables import (
    ISOLATED,
    LETTER,
    CharacterOutputs,
    code_point_of,
    kind_of,
)
from tfbert.tokenization.characters.spelling import LETTER_CODES, Spelling
from tfbert.tokenization.stages.pieces import Pieces
from tfbert.tokenization.stages.word_limit import WordLimit

PREFIX = "##"  # the kernel's own mark of a continuation; no spelled letter can be taken for it
MAX_PIECE_BYTES = 255
MAX_CHARACTER_BYTES = 4
MAX_INT32 = 2**31 - 1


class WordpieceStage:
    """Splits spelled text into words, and words into the longest pieces of the vocabulary, from left to right.

    Args:
        vocab_list: Sequence of str; the position is the id.
        outputs: `CharacterOutputs`. What the text may hold.
        spelling: `Spelling` of text and vocabulary.
        unk_token: str. Stands for a word that the vocabulary cannot spell.
        wordpieces_prefix: str. What continuations begin with in `vocab_list`.
        max_input_chars_per_word: int. A longer word is unknown.

    Raises:
        ValueError: If a piece is too long for the kernel.

    Source: `FastWordpieceTokenizer` of tensorflow-text; LinMaxMatch, Song et al., "Fast WordPiece Tokenization" (2021).
    """

    def __init__(
        self,
        vocab_list: Sequence[str],
        outputs: CharacterOutputs,
        spelling: Spelling,
        unk_token: str,
        wordpieces_prefix: str,
        max_input_chars_per_word: int,
    ):
        pieces, ids = _spelled_vocabulary(vocab_list, _spelled_characters(outputs, spelling), wordpieces_prefix)
        unknown = vocab_list.index(unk_token)
        if pieces[unknown].startswith(PREFIX):
            ids.append(unknown)  # a reading of its own, since an unknown word continues none
            unknown = len(pieces)
            pieces.append("!unknown!")
        if all(piece.startswith("!") for piece in pieces):  # which the kernel refuses
            ids.append(unknown)
            pieces.append(chr(LETTER_CODES[0].start))
        max_bytes = min(MAX_CHARACTER_BYTES * max_input_chars_per_word, MAX_INT32)
        model = model_builder.build_fast_wordpiece_model(pieces, max_bytes, PREFIX, pieces[unknown], False, False)
        self._kernel = tf_text.FastWordpieceTokenizer(
            model_buffer=tf.constant(np.frombuffer(model, np.uint8)), token_out_type=tf.int32
        )
        continues = [piece.startswith(PREFIX) for piece in pieces]
        characters = [len(piece) - 2 * after for piece, after in zip(pieces, continues)]
        self.max_characters = max_input_chars_per_word
        self._limit = WordLimit(characters, continues, unknown, max_input_chars_per_word)
        self._ids = None if len(ids) == len(vocab_list) else tf.constant(ids, tf.int32)

    def __call__(self, spelled: tf.Tensor, offsets: bool) -> Pieces:
        """Tokenize spelled text [N] string; returns `Pieces`."""
        return self._with_ids(self._limit(self._kernel_pieces(spelled, offsets)))

    def without_limit(self, spelled: tf.Tensor, offsets: bool) -> Pieces:
        """Tokenize spelled text [N] string of which no word is too long; returns `Pieces`."""
        return self._with_ids(self._kernel_pieces(spelled, offsets))

    def _kernel_pieces(self, spelled: tf.Tensor, offsets: bool) -> Pieces:
        if not offsets:
            ragged = self._kernel.tokenize(spelled)
            return Pieces(ragged.values, ragged.row_splits)
        ragged, starts, ends = self._kernel.tokenize_with_offsets(spelled)
        return Pieces(ragged.values, ragged.row_splits, starts.values, ends.values)

    def _with_ids(self, pieces: Pieces) -> Pieces:
        return pieces if self._ids is None else pieces._replace(ids=tf.gather(self._ids, pieces.ids))


def _spelled_characters(outputs: CharacterOutputs, spelling: Spelling) -> tuple[dict[str, str], dict[str, str]]:
    """How the letters and the isolated characters that a piece can hold are spelled."""
    symbols = outputs.symbols()
    symbols = symbols[spelling.known[code_point_of(symbols)]]
    by_kind = (symbols[kind_of(symbols) == kind] for kind in (LETTER, ISOLATED))
    letters, isolated = (
        {chr(plain): chr(code) for plain, code in zip(code_point_of(of_kind).tolist(), spelling.of(of_kind).tolist())}
        for of_kind in by_kind
    )
    return letters, isolated


def _spelled_vocabulary(
    vocab_list: Sequence[str], characters: tuple[dict[str, str], dict[str, str]], prefix: str
) -> tuple[list[str], list[int]]:
    """The kernel's pieces and the id of each; those beyond the vocabulary are second readings of a piece."""
    letters, isolated = characters
    pieces: list[str] = []
    second_readings: list[tuple[str, int]] = []

    def letters_of(text: str) -> str:
        spelled = [letters.get(character, "") for character in text]
        return "".join(spelled) if all(spelled) else ""

    for index, piece in enumerate(vocab_list):
        continuation = piece.startswith(prefix) and letters_of(piece[len(prefix) :])
        readings = [PREFIX + continuation] if continuation else []
        readings += [reading for reading in (letters_of(piece) or isolated.get(piece),) if reading]
        for reading in readings:
            if len(reading.encode()) > MAX_PIECE_BYTES:
                raise ValueError(
                    f"`vocab_list` must hold pieces of at most {MAX_PIECE_BYTES} bytes as the kernel spells them. "
                    f"Received: {len(reading.encode())} bytes for {piece!r} (id {index}). Leave this piece out: put an "
                    "unused name such as '[unused9999]' at its id."
                )
        # No text is spelled like this, so the piece keeps its id and matches nothing.
        pieces.append(readings[0] if readings else f"!unreachable!{index}")
        second_readings += [(reading, index) for reading in readings[1:]]
    ids = [*range(len(pieces)), *(index for _, index in second_readings)]
    return pieces + [reading for reading, _ in second_readings], ids
