"""What the Keras layer and the host tokenizer share: one vocabulary, its stages, its way back to text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tfbert.tokenization.detokenizer import Detokenizer
from tfbert.tokenization.packing.packing import SpecialIds
from tfbert.tokenization.settings.token_ids import SPECIAL_TOKENS
from tfbert.tokenization.stages.classic_tokenizer import make_classic_tokenizer
from tfbert.tokenization.stages.pieces import Pieces, Stage
from tfbert.tokenization.text_tokenizer import (
    TextTokenizerOptions,
    make_litert_tokenizer,
    make_text_tokenizer,
    text_tokenizer_options,
)
from tfbert.tokenization.token_table import TokenTable

_MAKING = threading.RLock()  # threads that come first together would each build the models
MAKERS: dict[str, Callable[[TextTokenizerOptions], Stage]] = {
    "exact": make_text_tokenizer,
    "classic": make_classic_tokenizer,
    "litert": make_litert_tokenizer,
}


class TokenizerCore:
    """Text to pieces and ids to text, without packing.

    Args:
        vocab_list: Sequence of str. The word pieces.
        options: Mapping. Constructor arguments of `FastBertTokenizer`, those that decide ids.
        ops: str, default "exact". The ops it runs on: "exact"; "classic", tensorflow-text's older ones; "litert", the
            subset that LiteRT has.

    Raises:
        TypeError, ValueError: If an option is out of range or contradicts another.

    Example:
        >>> from tfbert.layers import FastBertTokenizer
        >>> core = TokenizerCore(["[UNK]", "[CLS]", "[SEP]", "run", "##ning"], FastBertTokenizer.default_options())
        >>> core.pieces([tf.constant(["running"])], offsets=False).ids.numpy().tolist()
        [3, 4]
    """

    def __init__(self, vocab_list: Sequence[str], options: Mapping[str, Any], ops: str = "exact"):
        self.table = TokenTable(vocab_list, options["added_tokens"], {name: options[name] for name in SPECIAL_TOKENS})
        self.special = SpecialIds(
            **{
                role: self.table.id_of(f"{role}_token_id", options[f"{role}_token_id"], options[f"{role}_token"])
                for role in ("cls", "sep", "pad")
            }
        )
        self.options = text_tokenizer_options(self.table, options)
        self.ops = ops
        self._stage: Stage | None = None
        self._detokenizer: Detokenizer | None = None

    @tf.autograph.experimental.do_not_convert  # plain Python, which AutoGraph would take seconds to rewrite
    def pieces(self, segments: list[tf.Tensor], offsets: bool, shown: tf.Tensor | None = None) -> Pieces:
        """Return the pieces of all texts of the first segment, then of the second.

        Args:
            segments: One or two [B] string.
            offsets: bool. Whether to find where each piece stands.
            shown: bool [B] or None. Where it is False, texts count as empty.

        Returns:
            `Pieces`.
        """
        stage = self._made_stage()
        if self.ops == "litert":  # which can neither choose nor join strings
            if offsets:
                raise ValueError("LiteRT lacks DecodeRaw and ReduceJoin, which find where pieces stand in a text.")
            return _joined([_shown(stage(segment, offsets), shown) for segment in segments])
        if shown is not None:
            segments = [tf.where(shown, segment, "") for segment in segments]
        return stage(tf.concat(segments, axis=0) if len(segments) == 2 else segments[0], offsets)

    def lookup_tables(self) -> list[Any]:
        """Return the hash tables that a SavedModel has to hold."""
        return getattr(self._made_stage(), "lookup_tables", [])

    def _made_stage(self) -> Stage:
        with _MAKING:
            if self._stage is None:
                with tf.init_scope():  # the models are constants of the program, not of the graph being traced
                    self._stage = MAKERS[self.ops](self.options)
        return self._stage

    @tf.autograph.experimental.do_not_convert
    def detokenize(self, ids: Any, skip_special_tokens: bool, clean_up_tokenization_spaces: bool) -> tf.Tensor:
        """Return the text of ids; see `FastBertTokenizer.detokenize`."""
        with _MAKING:
            if self._detokenizer is None:
                with tf.init_scope():
                    self._detokenizer = Detokenizer(
                        self.table.tokens, self.table.special_ids, self.options.wordpieces_prefix
                    )
        if isinstance(ids, list | tuple) and ids and isinstance(ids[0], list | tuple):
            ids = tf.ragged.constant(ids, ragged_rank=1)
        if not isinstance(ids, tf.RaggedTensor):
            ids = tf.convert_to_tensor(ids)
        if not ids.dtype.is_integer or ids.shape.rank not in (1, 2):
            raise ValueError(f"`ids` must be integers of shape [B, S] or [S]. Received: {ids.dtype.name}, {ids.shape}.")
        if ids.shape.rank == 1:
            return self.detokenize(ids[None, :], skip_special_tokens, clean_up_tokenization_spaces)[0]
        return self._detokenizer(ids, skip_special_tokens, clean_up_tokenization_spaces)


def _shown(pieces: Pieces, shown: tf.Tensor | None) -> Pieces:
    lengths = tf.cast(pieces.row_splits[1:] - pieces.row_splits[:-1], tf.int32)
    return pieces._replace(lengths=lengths if shown is None else tf.where(shown, lengths, 0))


def _joined(segments: list[Pieces]) -> Pieces:
    """The pieces of all segments, one after the other."""
    first, *others = segments
    for other in others:
        row_splits = tf.concat([first.row_splits, first.row_splits[-1] + other.row_splits[1:]], axis=0)
        ids, lengths = (tf.concat([getattr(first, name), getattr(other, name)], axis=0) for name in ("ids", "lengths"))
        first = Pieces(ids, row_splits, lengths=lengths)
    return first
