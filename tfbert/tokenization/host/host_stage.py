"""The stages of the tokenizer run eagerly: texts to arrays."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.tokenization.stages.pieces import Pieces, Stage
from tfbert.tokenization.text_input import as_text
from tfbert.tokenization.text_tokenizer import TextTokenizerOptions, make_text_tokenizer


class HostStage:
    """Maps lists of texts to arrays of pieces; its graphs are built when the first texts come.

    Args:
        options: `TextTokenizerOptions`.
    """

    def __init__(self, options: TextTokenizerOptions):
        self._options = options
        # Each added token has an id of its own here, so that it is told from a piece that is spelled like it.
        pieces = len(options.vocab_list)
        own = [(token, pieces + number) for number, (token, _) in enumerate(options.added_tokens)]
        prefix = options.wordpieces_prefix
        # A word may begin with letters that look like the prefix; then words are found by a stage that knows none.
        self._words: HostStage | None = None
        if not (prefix and prefix[0] in string.punctuation):
            vocab_list, tokens = list({options.unk_token: 0, "a": 0}), [(token, 0) for token, _ in own]
            self._words = HostStage(
                dataclasses.replace(options, vocab_list=vocab_list, added_tokens=tokens, wordpieces_prefix="##")
            )
        continues = [piece.startswith(prefix) and piece != prefix for piece in options.vocab_list]
        self._continues = np.array(continues + [False] * len(own))
        self._ids = np.array([*range(pieces), *(index for _, index in options.added_tokens)])
        self._own_options = dataclasses.replace(options, added_tokens=own)
        self._stage: Stage | None = None
        self._graphs: dict[bool, Callable[[tf.Tensor], Pieces]] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> HostStage:
        return self  # nothing ever changes it

    def __reduce__(self) -> tuple[type[HostStage], tuple[TextTokenizerOptions]]:
        return HostStage, (self._options,)

    def pieces(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Tokenize texts.

        Args:
            texts: list of str.

        Returns:
            ids [P]; row_splits [N + 1]; for each piece whether a word begins with it, bool [P].
        """
        pieces = self._pieces(texts, offsets=False)
        own_ids, row_splits = pieces.ids.numpy(), pieces.row_splits.numpy()
        if self._words is None:
            begins_word = ~self._continues[own_ids]
        else:
            begins_word = np.isin(self._places(texts), self._words._places(texts))
        begins_word[row_splits[:-1][row_splits[:-1] < row_splits[1:]]] = True
        return self._ids[own_ids], row_splits, begins_word

    def offsets(self, texts: list[str], is_ascii: bool) -> np.ndarray:
        """Return where each piece begins and ends.

        Args:
            texts: list of str.
            is_ascii: bool. Whether they hold nothing else.

        Returns:
            int [P, 2], in characters of the text.
        """
        pieces = self._pieces(texts, offsets=True)
        offsets = tf.stack([pieces.starts, pieces.ends], axis=1).numpy()
        if is_ascii:
            return offsets
        encoded = [text.encode() for text in texts]
        every_byte = np.frombuffer(b"".join(encoded), np.uint8)
        # Bytes 10xxxxxx go on with a character that an earlier byte began.
        characters_before = np.concatenate([[0], np.cumsum((every_byte & 0xC0) != 0x80)])
        text_begin = np.cumsum([0, *map(len, encoded)])[:-1]
        begin = np.repeat(text_begin, np.diff(pieces.row_splits.numpy()))[:, None]
        return characters_before[offsets + begin] - characters_before[begin]

    def _places(self, texts: list[str]) -> np.ndarray:
        """Where each piece begins, in all texts together."""
        pieces = self._pieces(texts, offsets=True)
        text_begin = np.cumsum([0, *(len(text.encode()) + 1 for text in texts)])
        return np.asarray(pieces.starts) + text_begin[pieces.text_of_piece().numpy()]

    def _pieces(self, texts: list[str], offsets: bool) -> Pieces:
        if offsets not in self._graphs:
            stage = self._stage = self._stage or make_text_tokenizer(self._own_options)
            graph = tf.function(lambda text: stage(text, offsets), autograph=False)
            self._graphs[offsets] = graph.get_concrete_function(tf.TensorSpec([None], tf.string))
        return self._graphs[offsets](as_text(texts) if texts else tf.zeros([0], tf.string))
