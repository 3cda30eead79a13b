"""The tokens of the host tokenizer: the named ones, added ones, and what can be asked of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.token_table import TokenTable

ATTRIBUTES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
REQUIRED = ("unk_token", "sep_token", "cls_token")
EXTRA_NAMES = ("extra_special_tokens", "additional_special_tokens")


def _token(name: str) -> property:
    return property(
        lambda self: self._special[name],
        lambda self, value: self._set_special(name, value),
        doc=f"The `{name}`, a str, or None where there is none; it must be in the vocabulary to be set.",
    )


def _token_id(name: str) -> property:
    return property(
        lambda self: self._special_id(name),
        lambda self, index: self._set_special(name, None if index is None else self._known(index)),
        doc=f"The id of the `{name}`, or None where there is none.",
    )


class SpecialTokens:
    """What `BertTokenizer` knows of its tokens.

    Args:
        vocab_list: list of str. The word pieces.
        added_tokens: iterable of str, dict or `AddedToken`.
        special: dict of attribute name ("cls_token") to str, dict, `AddedToken` or None.
        extra: sequence of str, dict or `AddedToken`. Special tokens without a name.
        ids: dict of attribute name to int. Ids that rows are built with in place of the tokens' own.
    """

    bos_token, bos_token_id = _token("bos_token"), _token_id("bos_token")
    eos_token, eos_token_id = _token("eos_token"), _token_id("eos_token")
    unk_token, unk_token_id = _token("unk_token"), _token_id("unk_token")
    sep_token, sep_token_id = _token("sep_token"), _token_id("sep_token")
    pad_token, pad_token_id = _token("pad_token"), _token_id("pad_token")
    cls_token, cls_token_id = _token("cls_token"), _token_id("cls_token")
    mask_token, mask_token_id = _token("mask_token"), _token_id("mask_token")

    def __init__(
        self,
        vocab_list: list[str],
        added_tokens: Iterable[Any],
        special: Mapping[str, Any],
        extra: Sequence[Any],
        ids: Mapping[str, int],
    ):
        self._vocab_list = list(vocab_list)
        self._added = [AddedToken.of(token) for token in added_tokens]
        self._special: dict[str, str | None] = dict.fromkeys(ATTRIBUTES)
        self._extra = [AddedToken.of(token, special=True).content for token in extra]
        self._ids = dict(ids)
        known = set(self._vocab_list) | {token.content for token in self._added}
        for name in ATTRIBUTES:
            value = special.get(name)
            if value is None:
                _check_not_required(name)
                continue
            token = dataclasses.replace(AddedToken.of(value, special=True), special=True)
            self._special[name] = token.content
            # Plain named tokens of the vocabulary are known without being listed; the others get ids behind it.
            usual = token == AddedToken(token.content, special=True)
            if not usual or token.content not in known:
                self._added = _with(self._added, token)
        listed = {token.content for token in self._added} | set(self.special_tokens_map.values())
        for token in (AddedToken.of(value, special=True) for value in extra):
            if token.content not in listed:
                self._added = _with(self._added, dataclasses.replace(token, special=True))
        self._refresh()

    def _refresh(self) -> None:
        """Build the table of tokens anew."""
        named = {name: token for name, token in self._special.items() if token is not None}
        self._table = TokenTable(self._vocab_list, self._added, named)
        for name, index in self._ids.items():
            self._table.id_of(f"{name}_id", index, "")

    def _special_id(self, name: str) -> int | None:
        token = self._special[name]
        return None if token is None else self._ids.get(name, self._table.ids.get(token, self._table.ids[self._unk]))

    @property
    def _unk(self) -> str:
        return str(self._special["unk_token"])

    def _known(self, index: int) -> str:
        if not 0 <= index < len(self._table.tokens):
            raise ValueError(f"An id must be 0 to {len(self._table.tokens) - 1}. Received: {index!r}.")
        return self._table.tokens[index]

    def _set_special(self, name: str, value: Any) -> None:
        if value is None:
            _check_not_required(name)
        content = None if value is None else AddedToken.of(value, special=True).content
        if content is not None and content not in self._table.ids:
            raise ValueError(
                f"`{name}` must be in the vocabulary. Received: {content!r}. "
                f"Write tokenizer.add_special_tokens({{{name!r}: {content!r}}})."
            )
        added = self._added
        for token, _ in self._table.found:
            if token.content == self._special[name]:
                added = _with(added, token)  # what was named once is still found in texts
        ids = {other: index for other, index in self._ids.items() if other != name}
        self._change(_added=added, _special={**self._special, name: content}, _ids=ids)

    def _change(self, **state: Any) -> None:
        """Take on another state, or none of it where it is wrong."""
        # Lists and dicts are replaced, never changed, since a copy of the tokenizer may share them.
        before = {name: getattr(self, name) for name in state}
        self.__dict__.update(state)
        try:
            self._refresh()
        except (TypeError, ValueError):
            self.__dict__.update(before)
            raise

    # === Lists of them ===

    @property
    def special_tokens_map(self) -> dict[str, str]:
        """The named special tokens by attribute name."""
        return {name: token for name, token in self._special.items() if token is not None}

    @property
    def all_special_tokens(self) -> list[str]:
        """The named special tokens and the extra ones, each once."""
        return list(dict.fromkeys([*self.special_tokens_map.values(), *self._extra]))

    @property
    def all_special_ids(self) -> list[int]:
        """The ids of `all_special_tokens`."""
        return [self._table.ids.get(token, self._table.ids[self._unk]) for token in self.all_special_tokens]

    @property
    def extra_special_tokens(self) -> list[str]:
        """Special tokens without a name; setting them adds those that are new."""
        return list(self._extra)

    @extra_special_tokens.setter
    def extra_special_tokens(self, tokens: Iterable[Any] | None) -> None:
        self._extra = []
        self.add_special_tokens({"extra_special_tokens": list(tokens or [])})

    @property
    def extra_special_tokens_ids(self) -> list[int]:
        """The ids of `extra_special_tokens`."""
        return [self._table.ids[token] for token in self._extra]

    # transformers 4 named them so.
    additional_special_tokens = extra_special_tokens
    additional_special_tokens_ids = extra_special_tokens_ids

    @property
    def added_tokens_decoder(self) -> dict[int, AddedToken]:
        """The tokens that are found in texts before they are split, by id."""
        return {index: token for token, index in sorted(self._table.found, key=lambda found: found[1])}

    @property
    def added_tokens_encoder(self) -> dict[str, int]:
        """The ids of these tokens."""
        return {token.content: index for index, token in self.added_tokens_decoder.items()}

    def get_added_vocab(self) -> dict[str, int]:
        """Return the ids of the tokens that are found in texts before they are split."""
        return self.added_tokens_encoder

    # === New ones ===

    def add_tokens(self, new_tokens: Any, special_tokens: bool = False) -> int:
        """Add tokens that stay whole wherever their text occurs; those that are no piece get ids after the last.

        Args:
            new_tokens: str, `AddedToken`, or a list of them.
            special_tokens: bool, default False. Whether `decode(skip_special_tokens=True)` leaves them out.

        Returns:
            How many were not known as added tokens before. A model needs `len(tokenizer)` embeddings.
        """
        if isinstance(new_tokens, str) or not isinstance(new_tokens, list | tuple):
            new_tokens = [new_tokens] if new_tokens else []
        tokens = [AddedToken.of(token, special=special_tokens) for token in new_tokens if token != ""]
        if special_tokens:
            tokens = [dataclasses.replace(token, special=True) for token in tokens]
        found = {token.content: token for token, _ in self._table.found}
        added, new = self._added, 0
        for token in tokens:
            if found.get(token.content) != token:
                found[token.content] = token
                added, new = _with(added, token), new + 1
        if new:
            self._change(_added=added)
        return new

    def add_special_tokens(
        self, special_tokens_dict: Mapping[str, Any], replace_extra_special_tokens: bool = True
    ) -> int:
        """Name special tokens, and add those that are new.

        Args:
            special_tokens_dict: dict. "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token" or
                "mask_token" to a str or `AddedToken`; "extra_special_tokens" (also "additional_special_tokens") to a
                list of them.
            replace_extra_special_tokens: bool, default True. False keeps the extra tokens that there are. Tokens that
                are replaced stay added tokens.

        Returns:
            How many were not known as added tokens before.

        Raises:
            ValueError: If a key is none of these.
            TypeError: If a value is no token.

        Example:
            >>> from tfbert import BertTokenizer
            >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello"])
            >>> tokenizer.add_special_tokens({"extra_special_tokens": ["[E1]"]}), tokenizer.encode("hello [E1]")
            (1, [2, 5, 6, 3])
        """
        unknown = [key for key in special_tokens_dict if key not in (*ATTRIBUTES, *EXTRA_NAMES)]
        if unknown:
            raise ValueError(
                f"A special token must be named {', '.join(ATTRIBUTES)} or {EXTRA_NAMES[0]}. Received: {unknown[0]!r}."
            )
        extra: list[Any] = []
        for name in EXTRA_NAMES:
            value = special_tokens_dict.get(name) or []
            if not isinstance(value, list | tuple):
                raise TypeError(f"`{name}` must be a list of tokens. Received: {value!r}. Write [{value!r}].")
            extra += value
        if not replace_extra_special_tokens:
            extra = [token for token in extra if AddedToken.of(token).content not in self._extra]
        named = {name: value for name, value in special_tokens_dict.items() if name in ATTRIBUTES}
        tokens = [AddedToken.of(value, special=True) for value in (*named.values(), *extra)]
        new = self.add_tokens(tokens, special_tokens=True)
        kept = [] if extra and replace_extra_special_tokens else self._extra
        self._extra = kept + [AddedToken.of(token).content for token in extra]
        for name, value in named.items():
            self._set_special(name, value)
        return new


def _check_not_required(name: str) -> None:
    if name in REQUIRED:
        raise ValueError(f"`{name}` must be a token: BERT's rows cannot do without it. Received: None.")


def _with(tokens: list[AddedToken], token: AddedToken) -> list[AddedToken]:
    """Return the tokens with one more, or with new flags for one that is there."""
    return list({**{listed.content: listed for listed in tokens}, token.content: token}.values())
