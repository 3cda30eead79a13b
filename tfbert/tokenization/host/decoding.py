"""Ids to tokens and text, tokens to ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfbert.tokenization.detokenizer import Detokenizer
from tfbert.tokenization.host.special_tokens import SpecialTokens


class Decoding(SpecialTokens):
    """How `BertTokenizer` turns ids into tokens and text, and tokens into ids."""

    wordpieces_prefix: str
    clean_up_tokenization_spaces: bool
    _decoders: dict[tuple[bool, bool], Any]

    def convert_tokens_to_ids(self, tokens: str | Sequence[str]) -> Any:
        """Return the id of a token, or the ids of tokens; those that are unknown have the id of `unk_token`.

        Args:
            tokens: str or sequence of str.

        Returns:
            int or list of int.
        """
        if isinstance(tokens, str):
            return self._table.ids.get(tokens, self._table.ids[self._unk])
        return [self.convert_tokens_to_ids(token) for token in tokens]

    def convert_ids_to_tokens(self, ids: Any, skip_special_tokens: bool = False) -> Any:
        """Return the token of an id, or the tokens of ids; None for what is no id.

        Args:
            ids: int, or a list, array or tensor of int.
            skip_special_tokens: bool, default False. Leave `all_special_tokens` out.

        Returns:
            str or list of str.
        """
        tokens = self._table.tokens
        ids = _plain(ids)
        if isinstance(ids, int):
            return tokens[ids] if 0 <= ids < len(tokens) else None
        skipped = set(self.all_special_ids) if skip_special_tokens else set()
        return [self.convert_ids_to_tokens(index) for index in ids if index not in skipped]

    def convert_tokens_to_string(self, tokens: Sequence[str]) -> str:
        """Return tokens joined to text.

        Args:
            tokens: Sequence of str.

        Returns:
            str.
        """
        tokens = list(tokens)
        if not tokens:
            return ""
        join = Detokenizer(tokens, [], self.wordpieces_prefix)
        return join(tf.range(len(tokens))[None, :])[0].numpy().decode()

    def decode(
        self,
        token_ids: Any,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
    ) -> Any:
        """Return the text of ids.

        Args:
            token_ids: int; a list, array or tensor of int; a batch of these; or what a call of the tokenizer returned.
                What is no id, such as -100, is passed over.
            skip_special_tokens: bool, default False. Leave special tokens out.
            clean_up_tokenization_spaces: bool or None. Take blanks before punctuation and contractions out; default
                None: as the constructor was told.

        Returns:
            str, or a list of str for a batch.

        Raises:
            TypeError: If ids are no integers.
        """
        if hasattr(token_ids, "keys"):
            token_ids = token_ids["input_ids"]
        ids = _plain(token_ids)
        if isinstance(ids, int):
            ids = [ids]
        batched = bool(ids) and isinstance(ids[0], list)
        texts = self._texts(ids if batched else [ids], skip_special_tokens, clean_up_tokenization_spaces)
        return texts if batched else texts[0]

    def batch_decode(
        self,
        sequences: Any,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
    ) -> list[str]:
        """Return the texts of rows of ids as a list; arguments as in `decode`."""
        sequences = _plain(sequences["input_ids"] if hasattr(sequences, "keys") else sequences)
        if sequences is None:
            raise TypeError("`sequences` must be a list of rows of ids. Received: None.")
        if not sequences:
            return []
        texts = self.decode(sequences, skip_special_tokens, clean_up_tokenization_spaces)
        return [texts] if isinstance(texts, str) else texts

    def _texts(self, rows: list[list[int]], skip_special_tokens: bool, clean_up: bool | None) -> list[str]:
        how = (bool(skip_special_tokens), bool(self.clean_up_tokenization_spaces if clean_up is None else clean_up))
        values = np.array([index for row in rows for index in row])
        if values.size and values.dtype.kind not in "iu":
            raise TypeError(f"Ids must be integers. Received: {values.flat[0]!r} ({values.dtype}).")
        with tf.init_scope():
            if how not in self._decoders:
                detokenizer = Detokenizer(self._table.tokens, self._table.special_ids, self.wordpieces_prefix)
                spec = tf.RaggedTensorSpec([None, None], tf.int64, row_splits_dtype=tf.int64)
                graph = tf.function(lambda ids: detokenizer(ids, *how), autograph=False)
                self._decoders[how] = graph.get_concrete_function(spec)
            ids = tf.RaggedTensor.from_row_lengths(values.astype(np.int64), np.array([len(row) for row in rows]))
            return [text.decode() for text in self._decoders[how](ids).numpy().tolist()]


def _plain(ids: Any) -> Any:
    """Return ids of any kind as int or lists."""
    if isinstance(ids, list | tuple):
        return [_plain(each) for each in ids] if ids and not isinstance(ids[0], int) else list(ids)
    if isinstance(ids, tf.RaggedTensor):
        return ids.to_list()
    if hasattr(ids, "numpy"):
        ids = ids.numpy()
    return ids.tolist() if hasattr(ids, "tolist") else ids
