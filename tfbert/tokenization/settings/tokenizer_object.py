"""Tokenizer objects of Hugging Face: `tokenizers.Tokenizer` and the BERT classes of transformers, slow and fast."""

from __future__ import annotations

import json
from typing import Any

from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.settings.token_ids import SPECIAL_TOKENS, AddedTokens
from tfbert.tokenization.settings.tokenizer_config import BASIC_OPTIONS, CALL_OPTIONS, options_of
from tfbert.tokenization.settings.tokenizer_json import TokenizerJson


def read_object(tokenizer: Any) -> tuple[dict[str, int], AddedTokens, dict[str, Any]]:
    """Read a tokenizer object; neither library is imported.

    Args:
        tokenizer: The object.

    Returns:
        The WordPiece model's vocabulary, the added tokens, and keyword arguments of `FastBertTokenizer`.

    Raises:
        TypeError: If it is no such object.
        ValueError: If it tokenizes otherwise than BERT's.
    """
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if hasattr(backend, "to_str"):
        return _read_fast(tokenizer, backend)
    if hasattr(tokenizer, "get_vocab"):
        return _read_slow(tokenizer)
    raise TypeError(
        "`tokenizer` must be a tokenizers.Tokenizer, a BERT tokenizer of transformers or a FastBertTokenizer. "
        f"Received: {type(tokenizer).__name__}. To read a folder write FastBertTokenizer.from_pretrained(folder)."
    )


def _read_fast(tokenizer: Any, backend: Any) -> tuple[dict[str, int], AddedTokens, dict[str, Any]]:
    parsed = TokenizerJson.parse(json.loads(backend.to_str()))
    options = _attributes(tokenizer)
    if tokenizer is backend:
        # A bare Tokenizer cuts and pads as these sections say; transformers leaves there what its last call asked for.
        options.update({**parsed.sides, **parsed.packing})
        if getattr(backend, "encode_special_tokens", False):
            options["split_special_tokens"] = True
    added = AddedTokens()
    for index, token in parsed.added:
        added.place(token, index, "the tokenizer")
    return parsed.vocabulary, added, {**options, **parsed.options}  # what the backend does counts, not what is said


def _read_slow(tokenizer: Any) -> tuple[dict[str, int], AddedTokens, dict[str, Any]]:
    special = set(getattr(tokenizer, "all_special_tokens", ()))
    added = AddedTokens()
    for index, token in sorted(getattr(tokenizer, "added_tokens_decoder", {}).items()):
        # Before transformers 4.34 these are str without flags.
        added.place(AddedToken.of(token, special=str(token) in special), index, "the tokenizer")
    size = getattr(tokenizer, "vocab_size", None)  # get_vocab() holds the added tokens too, behind these
    vocabulary = {piece: index for piece, index in tokenizer.get_vocab().items() if size is None or index < size}
    return vocabulary, added, _attributes(tokenizer)


def _attributes(tokenizer: Any) -> dict[str, Any]:
    """Return the options that a tokenizer object states as attributes, those of its word splitter included."""
    names = ("model_max_length", "do_basic_tokenize", *CALL_OPTIONS, *SPECIAL_TOKENS)
    stated = {name: getattr(tokenizer, name) for name in names if hasattr(tokenizer, name)}
    stated.update({name: str(stated[name]) for name in SPECIAL_TOKENS if stated.get(name) is not None})
    basic = getattr(tokenizer, "basic_tokenizer", None)
    for name in (*BASIC_OPTIONS, "never_split"):
        if hasattr(basic, name):
            stated[name] = getattr(basic, name)
    if "never_split" in stated:
        stated["never_split"] = sorted(stated["never_split"])
    options = options_of(stated)
    limit = getattr(getattr(tokenizer, "wordpiece_tokenizer", None), "max_input_chars_per_word", None)
    return options if limit is None else {**options, "max_input_chars_per_word": limit}
