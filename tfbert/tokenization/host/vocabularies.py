"""A vocabulary in any form: pieces by id, ids by piece, or a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike

from tfbert.tokenization.vocabulary import read_vocabulary

Vocabulary = Sequence[str] | Mapping[str, int] | str | PathLike


def vocabulary_list(vocab: Vocabulary | None) -> list[str]:
    """Return the pieces by id.

    Args:
        vocab: list of str, dict of str to int, or the path of a `vocab.txt`.

    Returns:
        A list of str.

    Raises:
        TypeError: If there is none.
        ValueError: If the ids of a dict do not run from 0 without gaps.
        FileNotFoundError: If there is no such file.

    Example:
        >>> vocabulary_list({"b": 1, "a": 0})
        ['a', 'b']
    """
    if isinstance(vocab, str | PathLike):
        return read_vocabulary(vocab)
    if isinstance(vocab, Mapping):
        by_id = {index: piece for piece, index in vocab.items()}
        if len(by_id) != len(vocab) or any(index not in by_id for index in range(len(vocab))):
            raise ValueError(
                f"The ids of `vocab` must be 0 to {len(vocab) - 1}, each once. Received: {len(by_id)} ids from "
                f"{min(by_id, default=None)} to {max(by_id, default=None)}."
            )
        return [by_id[index] for index in range(len(by_id))]
    if not isinstance(vocab, Sequence):
        raise TypeError(
            "`vocab` must be a list of pieces, a dict of ids, or the path of a vocab.txt. "
            f"Received: {vocab!r}. To read a checkpoint write BertTokenizer.from_pretrained(folder)."
        )
    return list(vocab)
