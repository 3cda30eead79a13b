"""A token that is found in the raw text before anything is split."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class AddedToken:
    """A token that stays whole wherever its text occurs, such as [MASK] or a word of one's own.

    Args:
        content: str. The text of the token.
        single_word: bool, default False. Found only where no letter, digit or underscore touches it.
        lstrip: bool, default False. Takes the white space on its left along.
        rstrip: bool, default False. Takes the white space on its right along.
        normalized: bool or None. Looked for in the normalised text instead of the raw one. Default None: the opposite
            of `special`.
        special: bool, default False. Left out by `decode(skip_special_tokens=True)`, and plain text under
            `split_special_tokens=True`.

    Raises:
        ValueError: If the content is empty.

    Example:
        >>> AddedToken("[E1]", special=True).normalized
        False

    Source: `AddedToken` of Hugging Face tokenizers.
    """

    content: str
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False
    normalized: bool | None = None
    special: bool = False

    def __post_init__(self):
        if not isinstance(self.content, str) or not self.content:
            raise ValueError(
                f"`content` of an added token must be a str of at least one character. Got {self.content!r}."
            )
        if self.normalized is None:
            object.__setattr__(self, "normalized", not self.special)

    @classmethod
    def of(cls, value: Any, special: bool = False) -> AddedToken:
        """Return the added token that a str, a dict (as in Hugging Face's files) or an `AddedToken` object describes.

        Args:
            value: str, dict with "content", or an object with `content` and the other fields, such as Hugging Face's.
            special: bool. For a plain str: whether it is special.

        Returns:
            `AddedToken`.

        Raises:
            TypeError: If it is none of these.
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls(value, special=special)
        names = [field.name for field in dataclasses.fields(cls)]
        if isinstance(value, dict) and "content" in value:
            return cls(**{name: value[name] for name in names if name in value})
        if hasattr(value, "content"):
            return cls(**{name: getattr(value, name) for name in names if hasattr(value, name)})
        raise TypeError(f"An added token must be a str, a dict with 'content' or an AddedToken. Received: {value!r}.")
