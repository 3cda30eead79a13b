"""Which token has which id: the model's own vocabulary and the added tokens of all files, joined."""

from __future__ import annotations

from typing import Any

from tfbert.tokenization.added_token import AddedToken

SPECIAL_TOKENS = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}


class AddedTokens:
    """The added tokens that a checkpoint's files tell of, from the file that counts most to the one that counts least.

    Example:
        >>> added = AddedTokens()
        >>> added.place(AddedToken("[E1]", special=True), 3, "added_tokens.json")
        >>> vocab_list, added_tokens = added.join({"[UNK]": 0, "a": 1, "b": 2}, named=["[UNK]"])
        >>> vocab_list, [token.content for token in added_tokens]
        (['[UNK]', 'a', 'b'], ['[E1]'])
    """

    def __init__(self):
        self._tokens: dict[str, AddedToken] = {}
        self._ids: dict[str, int] = {}
        self._contents: dict[int, str] = {}
        self._sources: dict[str, str] = {}

    def place(self, token: AddedToken, index: int, source: str) -> None:
        """Take in a token with its id; of two files that name it, the flags of the earlier one stay.

        Args:
            token: `AddedToken`.
            index: int. Its id.
            source: str. The file, for the error.

        Raises:
            ValueError: If an earlier file gives it another id, or gives its id to another token.
        """
        content = self._contents.setdefault(index, token.content)
        if content != token.content or self._ids.setdefault(content, index) != index:
            raise ValueError(
                f"{self._sources[content]} and {source} contradict each other: there {content!r} has the id "
                f"{self._ids[content]}, here {token.content!r} has the id {index}. Correct the one that does not fit "
                "the checkpoint's weights."
            )
        self._sources.setdefault(content, source)
        self._tokens.setdefault(content, token)

    def append(self, token: AddedToken) -> None:
        """Take in a token that stands in no file with an id: it gets its vocabulary id, or the next free one.

        Args:
            token: `AddedToken`.
        """
        self._tokens.setdefault(token.content, token)

    def join(self, vocabulary: dict[str, int], named: list[str]) -> tuple[list[str], list[AddedToken]]:
        """Return the vocabulary by id and the added tokens that `FastBertTokenizer` has to be told.

        Args:
            vocabulary: dict of str to int. The WordPiece model's vocabulary.
            named: list of str. The five named special tokens, which are known without being listed.

        Returns:
            A list of str, and a list of `AddedToken` in the order of their ids.

        Raises:
            ValueError: If the ids do not run from 0 without gaps, or an added token contradicts the vocabulary.
        """
        by_id = {index: piece for piece, index in vocabulary.items()}
        end = max(by_id, default=-1) + 1
        items = list(vocabulary.items())
        for content, index in self._ids.items():
            if content in vocabulary and vocabulary[content] == index:
                continue
            if content in vocabulary or index in by_id:
                raise ValueError(
                    f"{self._sources[content]} contradicts the vocabulary: it gives {content!r} the id {index}. In the "
                    f"vocabulary {content!r} has the id {vocabulary.get(content)}, and {index} is {by_id.get(index)!r}."
                )
            items.append((content, index))
        pieces = _without_gaps(items)
        known = set(pieces)
        loose = [content for content in self._tokens if content not in known]
        while loose and loose[-1] in named:
            loose.pop()  # has no embedding; it counts only where the ids of others come after it
        pieces += loose
        # A token below `end` fills a gap of the vocabulary: from here on it is a word piece as well.
        vocab_list = pieces[:end]
        implied = {named_token(content) for content in named if content in set(vocab_list)}
        tokens = [self._tokens[content] for content in pieces if content in self._tokens]
        return vocab_list, [token for token in tokens if token not in implied]


def named_token(content: str) -> AddedToken:
    """Return the added token that a named special token is unless its flags say otherwise."""
    return AddedToken(content, special=True)


def token_of(value: Any) -> AddedToken:
    """Return the special token that a str or dict of `tokenizer_config.json` or `special_tokens_map.json` names."""
    # Only with "__type" does Hugging Face take "special" from the dict; special_tokens_map.json never states it.
    if isinstance(value, dict) and "__type" not in value:
        value = {**value, "special": True}
    return AddedToken.of(value, special=True)


def _without_gaps(items: list[tuple[str, int]]) -> list[str]:
    """Return the pieces in the order of their ids, which must run from 0 without gaps."""
    by_id = sorted(items, key=lambda item: item[1])
    for position, (piece, index) in enumerate(by_id):
        if index != position:
            raise ValueError(
                "The vocabulary's ids must run from 0 without gaps, and the added tokens' ids go on from its end. "
                f"Received: id {index} for {piece!r} where {position} was due."
            )
    return [piece for piece, _ in by_id]
