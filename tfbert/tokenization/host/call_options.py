"""What a call of the host tokenizer may be given beside texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

DEPRECATED = ("truncation_strategy", "pad_to_max_length")
FLAGS = (
    *("add_special_tokens", "is_split_into_words", "return_overflowing_tokens", "return_special_tokens_mask"),
    *("return_offsets_mapping", "return_length", "verbose"),
)
OPTIONAL_FLAGS = ("return_token_type_ids", "return_attention_mask", "split_special_tokens")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CallOptions:
    """Options of `BertTokenizer.__call__`, which describes them.

    Example:
        >>> CallOptions.of({"truncation_strategy": "only_first"}).truncation
        'only_first'
    """

    add_special_tokens: bool = True
    padding: Any = False
    truncation: Any = None
    max_length: int | None = None
    stride: int = 0
    is_split_into_words: bool = False
    pad_to_multiple_of: int | None = None
    padding_side: str | None = None
    return_tensors: Any = None
    return_token_type_ids: bool | None = None
    return_attention_mask: bool | None = None
    return_overflowing_tokens: bool = False
    return_special_tokens_mask: bool = False
    return_offsets_mapping: bool = False
    return_length: bool = False
    verbose: bool = True
    split_special_tokens: bool | None = None

    def __post_init__(self):
        for name in (*FLAGS, *OPTIONAL_FLAGS):
            value = getattr(self, name)
            if not isinstance(value, bool) and not (value is None and name in OPTIONAL_FLAGS):
                raise ValueError(f"`{name}` must be True or False. Received: {value!r}.")

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> CallOptions:
        """Take in the options of a call, those of older transformers among them.

        Args:
            options: Mapping of name to value. "truncation_strategy" and "pad_to_max_length" count where the newer
                "truncation" and "padding" are not given.

        Returns:
            `CallOptions`.

        Raises:
            TypeError: If there is no such option.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(options) - known - set(DEPRECATED))
        if unknown:
            raise TypeError(f"A call takes no option {unknown[0]!r}. It takes: {', '.join(sorted(known))}.")
        given = {name: value for name, value in options.items() if name in known}
        if options.get("truncation_strategy") is not None and given.get("truncation") is None:
            given["truncation"] = options["truncation_strategy"]
        if options.get("pad_to_max_length") and given.get("padding", False) is False:
            given["padding"] = "max_length"
        return cls(**given)
