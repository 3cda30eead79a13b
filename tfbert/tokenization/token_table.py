"""All tokens of a tokenizer by id: word pieces, added tokens, and the five that BERT names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.vocabulary import check_vocabulary


class TokenTable:
    """Word pieces have the ids 0 to V - 1 in their order, added tokens that are no piece the ids from V on.

    Args:
        vocab_list: Sequence of str. The word pieces.
        added_tokens: Iterable of `AddedToken`, dict or str.
        named: Mapping of argument name ("cls_token") to str. The tokens that BERT names; one that is neither a piece
            nor an added token is not recognised in texts.

    Raises:
        TypeError, ValueError: If a token is wrong, there twice, or [UNK], [CLS] or [SEP] is missing.

    Example:
        >>> table = TokenTable(["[UNK]", "[CLS]", "[SEP]", "a"], ["[E1]"], {"unk_token": "[UNK]"})
        >>> table.ids["[E1]"], table.tokens[4]
        (4, '[E1]')
    """

    def __init__(self, vocab_list: Sequence[str], added_tokens: Iterable[Any], named: Mapping[str, str]):
        if isinstance(added_tokens, str | bytes | Mapping) or not isinstance(added_tokens, Iterable):
            raise TypeError(
                f"`added_tokens` must be a list of tokens. Received: {added_tokens!r}. Write [{added_tokens!r}]."
            )
        added = [AddedToken.of(token) for token in added_tokens]
        contents = [token.content for token in added]
        for position, content in enumerate(contents):
            if content in contents[:position]:
                raise ValueError(f"`added_tokens` must not hold a token twice. Received: {content!r} twice.")
        for name, token in named.items():
            if not isinstance(token, str) or not token:
                raise ValueError(f"`{name}` must be a str of at least one character. Received: {token!r}.")
        required = [named[name] for name in ("unk_token", "cls_token", "sep_token") if name in named]
        self.vocab_list = check_vocabulary(vocab_list, [token for token in required if token not in contents])
        known = set(self.vocab_list)
        if named["unk_token"] not in known:
            raise ValueError(
                f"`unk_token` must be a piece of `vocab_list`, not an added token. Got {named['unk_token']!r}."
            )
        self.tokens = self.vocab_list + [content for content in contents if content not in known]
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        self.added_tokens = added
        implied = [AddedToken(token, special=True) for token in dict.fromkeys(named.values()) if token not in contents]
        self.found = [(token, self.ids[token.content]) for token in (*implied, *added) if token.content in self.ids]
        self.special_ids = sorted(index for token, index in self.found if token.special)

    def id_of(self, name: str, given: int | None, token: str) -> int:
        """Return the id of a special token.

        Args:
            name: str. The argument's name, for the error.
            given: int or None. The id that the user chose.
            token: str. The token whose id is meant otherwise; 0 where there is none.

        Returns:
            An int.

        Raises:
            ValueError: If the given id is no id.
        """
        if given is None:
            return self.ids.get(token, 0)
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < len(self.tokens):
            raise ValueError(f"`{name}` must be an id of the vocabulary, 0 to {len(self.tokens) - 1}. Got {given!r}.")
        return given
