"""Further ways to call the host tokenizer: for ids or tokens alone, by the names of transformers 4, for padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfbert.tokenization.host.batch_encoding import BatchEncoding
from tfbert.tokenization.host.call_options import CallOptions
from tfbert.tokenization.host.calling import Calling
from tfbert.tokenization.host.padding import pad_rows


class FurtherCalls(Calling):
    """What `BertTokenizer` offers beside its call."""

    def encode(
        self,
        text: Any,
        text_pair: Any = None,
        add_special_tokens: bool = True,
        padding: Any = False,
        truncation: Any = None,
        max_length: int | None = None,
        stride: int = 0,
        padding_side: str | None = None,
        return_tensors: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Return the `input_ids` of a call, whose arguments these are."""
        lengths = {"padding": padding, "truncation": truncation, "max_length": max_length, "stride": stride}
        options = {"padding_side": padding_side, "return_tensors": return_tensors, **kwargs}
        return self(text, text_pair, add_special_tokens=add_special_tokens, **lengths, **options)["input_ids"]

    def encode_plus(self, text: Any, text_pair: Any = None, *args: Any, **kwargs: Any) -> BatchEncoding:
        """Tokenize as a call does; the name of transformers 4."""
        return self(text, text_pair, None, None, *args, **kwargs)

    def batch_encode_plus(self, batch_text_or_text_pairs: Sequence[Any], *args: Any, **kwargs: Any) -> BatchEncoding:
        """Tokenize a batch of texts, or of pairs, as a call does; the name of transformers 4."""
        if isinstance(batch_text_or_text_pairs, str):
            raise TypeError(
                f"`batch_text_or_text_pairs` must be a list. Received: {batch_text_or_text_pairs!r}. Write "
                f"[{batch_text_or_text_pairs!r}]."
            )
        return self(batch_text_or_text_pairs, None, None, None, *args, **kwargs)

    def tokenize(self, text: Any, pair: Any = None, add_special_tokens: bool = False, **kwargs: Any) -> list[str]:
        """Return the tokens of a text or a pair.

        Args:
            text: str, or a list of words with `is_split_into_words=True`.
            pair: The same, or None.
            add_special_tokens: bool, default False.
            **kwargs: As in a call.

        Returns:
            A list of str.
        """
        return self(text, pair, add_special_tokens=add_special_tokens, **kwargs).tokens()

    def pad(
        self,
        encoded_inputs: Any,
        padding: Any = True,
        max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_attention_mask: bool | None = None,
        return_tensors: Any = None,
        verbose: bool = True,
    ) -> BatchEncoding:
        """Pad what calls returned.

        Args:
            encoded_inputs: dict of rows, or of batches of rows, or a list of dicts of rows: lists, arrays or tensors.
            padding, max_length, pad_to_multiple_of, padding_side, verbose: As in a call; here padding is on.
            return_attention_mask: bool or None. Add the mask where it is missing; default None: as `model_input_names`
                say.
            return_tensors: str or None. Default None: as the inputs are.

        Returns:
            A `BatchEncoding`.

        Raises:
            TypeError, ValueError: If the inputs have no `input_ids`, or an argument is wrong.
        """
        lengths = self._lengths(
            CallOptions(
                padding=padding,
                truncation=False,
                max_length=max_length,
                pad_to_multiple_of=pad_to_multiple_of,
                padding_side=padding_side,
                verbose=verbose and padding is not True,  # here `max_length` may come along with any padding
            )
        )
        masks = "attention_mask" in self.model_input_names if return_attention_mask is None else return_attention_mask
        padded, kind = pad_rows(encoded_inputs, lengths, self._row_ids().pad, masks)
        return BatchEncoding(padded, tensor_type=return_tensors or kind)
