"""`tokenizer_config.json` with `special_tokens_map.json` and `added_tokens.json`: transformers' own tokenizer files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.settings.token_ids import SPECIAL_TOKENS, AddedTokens, token_of

BASIC_OPTIONS = ("do_lower_case", "strip_accents", "tokenize_chinese_chars")
CALL_OPTIONS = ("split_special_tokens", "truncation_side", "padding_side")
UNSET_MAX_LENGTH = 10**9  # Hugging Face writes 1e30 where a tokenizer sets no limit


def with_special_tokens_map(config: dict[str, Any], special_tokens_map: dict[str, Any]) -> dict[str, Any]:
    """Return `tokenizer_config.json` and `special_tokens_map.json` as one, as transformers 5 joins them.

    Args:
        config: dict. Content of `tokenizer_config.json`.
        special_tokens_map: dict. Content of `special_tokens_map.json`.

    Returns:
        A dict. `extra_special_tokens` is a list, and `additional_special_tokens` one that the map alone names.
    """
    declared = dict(config)
    extra = config.get("extra_special_tokens") or declared.pop("additional_special_tokens", None) or []
    # A dict gives the tokens names of their own, {"e1_token": "[E1]"}, which tfbert does not need.
    extra = list(extra.values()) if isinstance(extra, dict) else list(extra)
    if "added_tokens_decoder" not in config:
        declared.update(special_tokens_map)
        mapped = special_tokens_map.get("extra_special_tokens") or []
        mapped = mapped.values() if isinstance(mapped, dict) else mapped
        extra += [token for token in mapped if token not in extra]
    declared["extra_special_tokens"] = extra
    if extra:
        declared.pop("additional_special_tokens", None)
    return declared


def options_of(declared: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of `FastBertTokenizer` that a `tokenizer_config.json` states.

    Args:
        declared: dict. Its content.

    Returns:
        A dict.

    Raises:
        ValueError: If it asks for WordPiece without the basic tokenizer before it.
    """
    if declared.get("do_basic_tokenize", True) is not True:
        raise ValueError(
            "`do_basic_tokenize` must be True: tfbert splits text into words as BERT does before WordPiece. "
            f"Received: {declared['do_basic_tokenize']!r}. Split the text yourself, or set it to true."
        )
    options = {name: declared[name] for name in (*BASIC_OPTIONS, *CALL_OPTIONS) if name in declared}
    if declared.get("never_split"):
        options["never_split"] = list(declared["never_split"])
    for name in SPECIAL_TOKENS:
        if declared.get(name) is not None:
            options[name] = token_of(declared[name]).content
    max_length = declared.get("model_max_length", declared.get("max_len"))
    if max_length is not None and max_length < UNSET_MAX_LENGTH:
        options["max_length"] = int(max_length)
    # Hugging Face has no such key and passes it over; `config_content` writes it where `pad_token` does not tell.
    if declared.get("pad_token_id") is not None:
        options["pad_token_id"] = declared["pad_token_id"]
    return options


def declared_tokens(
    declared: dict[str, Any],
    of_tokenizer_json: list[tuple[int, AddedToken]],
    of_added_tokens_json: dict[str, int],
    options: dict[str, Any],
) -> AddedTokens:
    """Return the added tokens of a folder; where two files name one, the flags of the first in this order count.

    Args:
        declared: dict. From `with_special_tokens_map`; its `added_tokens_decoder` comes first.
        of_tokenizer_json: list of (int, `AddedToken`).
        of_added_tokens_json: dict of str to int. Content of `added_tokens.json`, which older transformers wrote.
        options: dict. The options, with the names of the special tokens.

    Returns:
        `AddedTokens`.

    Raises:
        ValueError: If the files contradict each other.
    """
    stated = {name: declared.get(name) for name in ("bos_token", "eos_token", *SPECIAL_TOKENS)}
    special = {token.content for token in _tokens(stated.values())}
    for name, default in SPECIAL_TOKENS.items():
        stated[name] = stated[name] or options.get(name, default)
    # Any other key of this ending names a special token as well, whatever the model does with it.
    stated.update({name: declared[name] for name in declared if name.endswith("_token") and name not in stated})
    named = [dataclasses.replace(token, special=True) for token in _tokens(stated.values())]
    named_contents = {token.content for token in named}
    extra = _tokens(declared["extra_special_tokens"])
    special |= {token.content for token in extra}  # those of the map's additional_special_tokens come too late
    extra += _tokens(declared.get("additional_special_tokens") or [])

    placed = [
        (AddedToken.of(token), int(index), "tokenizer_config.json")
        for index, token in (declared.get("added_tokens_decoder") or {}).items()
    ]
    placed += [(token, index, "tokenizer.json") for index, token in of_tokenizer_json]
    placed += [
        (AddedToken(content, special=content in special), index, "added_tokens.json")
        for content, index in of_added_tokens_json.items()
    ]
    added = AddedTokens()
    for token, index, source in placed:
        is_special = token.special or token.content in named_contents
        added.place(dataclasses.replace(token, special=is_special), index, source)
    for token in named + extra:
        added.append(token)
    return added


def _tokens(values: Iterable[Any]) -> list[AddedToken]:
    """Return the special tokens that str and dict values name; others, such as null, name none."""
    return [token_of(value) for value in values if isinstance(value, str | dict) and value]


def config_content(options: dict[str, Any], added: list[tuple[int, AddedToken]], ids: dict[str, int]) -> dict[str, Any]:
    """Return the content of a `tokenizer_config.json`.

    Args:
        options: dict. Keyword arguments of `FastBertTokenizer`, defaults included.
        added: list of (int, `AddedToken`). Ids and added tokens, the named special ones included.
        ids: dict of str to int. Every token's id.

    Returns:
        A dict for `json.dumps`.
    """
    content = {name: options[name] for name in (*BASIC_OPTIONS, *CALL_OPTIONS, *SPECIAL_TOKENS)}
    content["tokenizer_class"] = "BertTokenizer"
    content["added_tokens_decoder"] = {str(index): dataclasses.asdict(token) for index, token in added}
    named = {options[name] for name in SPECIAL_TOKENS}
    additional = [token.content for _, token in added if token.special and token.content not in named]
    if additional:
        content["additional_special_tokens"] = additional
    if options["never_split"]:
        content["never_split"] = list(options["never_split"])
    if options.get("max_length") is not None:
        content["model_max_length"] = options["max_length"]
    pad_id = ids.get(options["pad_token"], 0)
    if options.get("pad_token_id", pad_id) not in (None, pad_id):
        content["pad_token_id"] = options["pad_token_id"]
    return content
