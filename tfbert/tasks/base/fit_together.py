"""Whether a tokenizer and a model fit together."""

from __future__ import annotations

from tfbert.config import BertConfig
from tfbert.layers.fast_bert_tokenizer import FastBertTokenizer


def check_fit_together(config: BertConfig, tokenizer: FastBertTokenizer) -> None:
    """Refuse a tokenizer whose rows a task cannot give to its model.

    Args:
        config: `BertConfig` of the model.
        tokenizer: `FastBertTokenizer`.

    Raises:
        ValueError: If it allows longer inputs, or has more pieces, than the model has embeddings; or returns anything
            but one row of model inputs for each text.
    """
    packing = tokenizer.packing_options()
    if packing.longest_padded > config.max_position_embeddings:
        raise ValueError(
            f"`max_length` must not exceed the model's {config.max_position_embeddings} position embeddings. "
            f"Received: max_length={packing.max_length}, padded to {packing.longest_padded}. "
            f"Write from_pretrained(folder, max_length={config.max_position_embeddings})."
        )
    if not packing.return_attention_mask:
        raise ValueError(
            "The tokenizer of a task must tell tokens from padding. Received: return_attention_mask=False."
        )
    refused = ("return_overflowing_tokens", "return_offsets", "return_special_tokens_mask", "return_length")
    for name in refused:
        if getattr(packing, name):
            raise ValueError(
                f"The tokenizer of a task must return one row of model inputs for each text. Received: {name}=True. "
                "Give that to calls of `task.tokenizer` instead."
            )
    if not packing.pads:
        raise ValueError(
            f"The tokenizer of a task must pad rows, 'longest' or 'max_length'. Received: padding={packing.padding!r}."
        )
    tokens = len(tokenizer.token_table.tokens)
    if tokens > config.vocab_size:
        raise ValueError(
            f"The vocabulary has {tokens} tokens, but the model has embeddings for {config.vocab_size}. "
            "Take the vocab.txt that came with these weights."
        )
