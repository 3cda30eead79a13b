"""Text to model inputs: what a call of the host tokenizer does."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import tensorflow as tf

from tfbert.tokenization.host.batch_encoding import BatchEncoding
from tfbert.tokenization.host.call_options import CallOptions
from tfbert.tokenization.host.encoded_rows import EncodedRows
from tfbert.tokenization.host.host_stage import HostStage
from tfbert.tokenization.host.lengths import Lengths
from tfbert.tokenization.host.row_building import RowBuilding
from tfbert.tokenization.host.row_layout import lay_out
from tfbert.tokenization.host.texts import Texts
from tfbert.tokenization.text_tokenizer import TextTokenizerOptions

logger = logging.getLogger(__name__)


class Calling(RowBuilding):
    """How `BertTokenizer` is called."""

    padding_side: str
    truncation_side: str
    split_special_tokens: bool
    model_input_names: list[str]
    _options: TextTokenizerOptions
    _stages: dict[bool, HostStage]
    _warned: bool

    def __call__(
        self,
        text: Any = None,
        text_pair: Any = None,
        text_target: Any = None,
        text_pair_target: Any = None,
        add_special_tokens: bool = True,
        padding: Any = False,
        truncation: Any = None,
        max_length: int | None = None,
        stride: int = 0,
        is_split_into_words: bool = False,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_tensors: Any = None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_offsets_mapping: bool = False,
        return_length: bool = False,
        verbose: bool = True,
        **kwargs: Any,
    ) -> BatchEncoding:
        """Tokenize a text, a pair, or a batch of either.

        Args:
            text: str, or a list of str, of pairs (two texts each) or, with `is_split_into_words`, of lists of words.
            text_pair: The same for the second texts of pairs.
            text_target, text_pair_target: Texts whose `input_ids` become the key `labels`.
            add_special_tokens: bool, default True. [CLS] and [SEP].
            padding: bool or str, default False. True or "longest": pad to the longest row; "max_length": to
                `max_length`; False or "do_not_pad".
            truncation: bool, str or None. True or "longest_first": cut rows to `max_length`, the longer text of a pair
                first; "only_first" or "only_second": cut this one; False or "do_not_truncate": cut nothing, and warn
                once of rows longer than `model_max_length`. Default None: True if `max_length` is given and `padding`
                is not, else False.
            max_length: int or None. Default: `model_max_length`.
            stride: int, default 0. Tokens that neighbouring windows share, with `return_overflowing_tokens`.
            is_split_into_words: bool, default False. Texts are lists of words; offsets are then those in the word.
            pad_to_multiple_of: int or None. Round the padded length up to a multiple of this.
            padding_side: str or None. "right" or "left"; default None: the tokenizer's.
            return_tensors: str or None. "np": arrays, int64; "tf": tensors, int32; None: lists.
            return_token_type_ids, return_attention_mask: bool or None. Default None: as `model_input_names` say.
            return_overflowing_tokens: bool, default False. What is cut comes as further rows; adds
                `overflow_to_sample_mapping`, the text of each row.
            return_special_tokens_mask: bool, default False. Adds `special_tokens_mask`.
            return_offsets_mapping: bool, default False. Adds `offset_mapping`: begin and end in characters.
            return_length: bool, default False. Adds `length`, padding included.
            verbose: bool, default True. Warn.
            **kwargs: `split_special_tokens`, bool; `max_target_length`, int; `truncation_strategy` and
                `pad_to_max_length` of older transformers.

        Returns:
            A `BatchEncoding`. A single text has no batch dimension, unless tensors or overflowing rows are asked for.

        Raises:
            TypeError, ValueError: If an argument is wrong, or rows cannot be cut as asked.

        Example:
            >>> from tfbert import BertTokenizer
            >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world"])
            >>> tokenizer(["Hello world", "hello"], padding=True)["attention_mask"]
            [[1, 1, 1, 1], [1, 1, 1, 0]]
        """
        max_target_length = kwargs.pop("max_target_length", None)
        given = {"padding": padding, "truncation": truncation, "max_length": max_length, "stride": stride, **kwargs}
        options = CallOptions.of(
            {
                **given,
                "add_special_tokens": add_special_tokens,
                "is_split_into_words": is_split_into_words,
                "pad_to_multiple_of": pad_to_multiple_of,
                "padding_side": padding_side,
                "return_tensors": return_tensors,
                "return_token_type_ids": return_token_type_ids,
                "return_attention_mask": return_attention_mask,
                "return_overflowing_tokens": return_overflowing_tokens,
                "return_special_tokens_mask": return_special_tokens_mask,
                "return_offsets_mapping": return_offsets_mapping,
                "return_length": return_length,
                "verbose": verbose,
            }
        )
        if text is None and text_target is None:
            raise ValueError("Give `text`, `text_target` or both. Received: neither.")
        if text_target is None:
            return self._encode(text, text_pair, options)
        limit = max_length if max_target_length is None else max_target_length
        target = self._encode(text_target, text_pair_target, dataclasses.replace(options, max_length=limit))
        if text is None:
            return target
        encoded = self._encode(text, text_pair, options)
        encoded["labels"] = target["input_ids"]
        return encoded

    def _encode(self, text: Any, text_pair: Any, options: CallOptions) -> BatchEncoding:
        lengths = self._lengths(options)
        texts = Texts.of(text, text_pair, options.is_split_into_words)
        splits = self.split_special_tokens if options.split_special_tokens is None else options.split_special_tokens
        with tf.init_scope():  # also within a function that is being traced
            if splits not in self._stages:
                self._stages[splits] = HostStage(dataclasses.replace(self._options, split_special_tokens=splits))
            arrays = self._stages[splits].pieces(texts.flat)
            overflowing = options.return_overflowing_tokens
            layout = lay_out(
                texts.row_splits(arrays[1]), texts.segments, lengths, options.add_special_tokens, overflowing
            )
        rows = EncodedRows(texts, self._stages[splits], arrays, layout, self._row_ids(), self._table.tokens)
        self._warn_of_long_rows(int(layout.lengths.max(initial=0)), lengths, options.verbose)
        columns = self._columns(rows, options)
        if not texts.batched and options.return_tensors is None and not overflowing:
            columns = {name: values[0] if isinstance(values[0], list) else values for name, values in columns.items()}
        return BatchEncoding(columns, rows.encodings(), options.return_tensors, n_sequences=texts.segments)

    def _columns(self, rows: EncodedRows, options: CallOptions) -> dict[str, list[Any]]:
        """The values to return, as lists with one entry for each row."""
        types, masks = options.return_token_type_ids, options.return_attention_mask
        columns: dict[str, list[Any]] = {"input_ids": rows.rows("ids")}
        if "token_type_ids" in self.model_input_names if types is None else types:
            columns["token_type_ids"] = rows.rows("type_ids")
        if "attention_mask" in self.model_input_names if masks is None else masks:
            columns["attention_mask"] = rows.rows("attention_mask")
        if options.return_special_tokens_mask:
            columns["special_tokens_mask"] = rows.rows("special_tokens_mask")
        if options.return_offsets_mapping:
            columns["offset_mapping"] = rows.offset_rows()
        if options.return_length:
            columns["length"] = rows.layout.lengths.tolist()
        if options.return_overflowing_tokens:
            columns["overflow_to_sample_mapping"] = rows.layout.text.tolist()
        return columns

    def _lengths(self, options: CallOptions) -> Lengths:
        return Lengths.of(
            options.padding,
            options.truncation,
            options.max_length,
            model_max_length=self.model_max_length,
            has_pad_token=self.pad_token is not None,
            verbose=options.verbose,
            pad_to_multiple_of=options.pad_to_multiple_of,
            stride=options.stride,
            padding_side=self.padding_side if options.padding_side is None else options.padding_side,
            truncation_side=self.truncation_side,
        )

    def _warn_of_long_rows(self, longest: int, lengths: Lengths, verbose: bool) -> None:
        if verbose and lengths.max_length is None and longest > self.model_max_length and not self._warned:
            self._warned = True
            logger.warning(
                "A row has %d tokens, more than the %d that the model takes. Write truncation=True to cut rows.",
                longest,
                self.model_max_length,
            )
