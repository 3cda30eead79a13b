"""The vocabulary: pieces by id, read from and written to `vocab.txt`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from os import PathLike
from pathlib import Path

SUBWORD_PREFIX = "##"


def check_vocabulary(pieces: Sequence[str], required: Sequence[str]) -> list[str]:
    """Check a vocabulary and return it as a list.

    Args:
        pieces: Sequence of str. The piece at position i has the id i.
        required: Sequence of str. The special tokens that must be in it.

    Returns:
        A list of str.

    Raises:
        TypeError: If it is no sequence of str.
        ValueError: If it is empty, has a piece twice, or lacks a required token.
    """
    if isinstance(pieces, str | bytes):
        raise TypeError(
            "`vocab_list` must be a list of pieces. "
            f"Received: {pieces!r}. To read a file write FastBertTokenizer.from_pretrained(folder)."
        )
    if isinstance(pieces, Mapping | Set) or not isinstance(pieces, Iterable):
        raise TypeError(
            "`vocab_list` must be a list of pieces by id. "
            f"Received: {type(pieces).__name__}. Of a dict write sorted(vocab, key=vocab.get)."
        )
    pieces = list(pieces)
    for index, piece in enumerate(pieces):
        if not isinstance(piece, str):
            raise TypeError(f"`vocab_list` must hold str only. Received: {piece!r} at id {index}.")
        if "\0" in piece or any("\ud800" <= character <= "\udfff" for character in piece):
            raise ValueError(
                f"`vocab_list` must hold text without NUL and surrogates. Received: {piece!r} at id {index}."
            )
    if len(set(pieces)) != len(pieces):
        first: dict[str, int] = {}
        for index, piece in enumerate(pieces):
            if first.setdefault(piece, index) != index:
                raise ValueError(
                    f"`vocab_list` must not hold a piece twice. Received: {piece!r} at ids {first[piece]} and {index}."
                )
    for token in required:
        if token not in pieces:
            raise ValueError(
                f"`vocab_list` must hold the special token {token!r}. Received: {len(pieces)} pieces without it. "
                "Take the vocab.txt that came with the checkpoint, or name the token: unk_token=, cls_token=, …"
            )
    special = set(required)
    if all(piece in special for piece in pieces):
        raise ValueError(f"`vocab_list` must hold word pieces beside the special tokens. Received: {pieces}.")
    return pieces


def read_vocabulary(path: str | PathLike) -> list[str]:
    """Read a `vocab.txt`: one piece a line, its line number is its id.

    Args:
        path: Path of the file.

    Returns:
        A list of str.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not UTF-8.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No vocabulary file at {str(path)!r}.")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"The vocabulary file {str(path)!r} is not UTF-8: {error}.") from error
    # Only "\n" ends a line: pieces may hold other characters that str.splitlines() would cut at.
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def fits_vocabulary_file(pieces: Sequence[str]) -> bool:
    """Return whether `vocab.txt` can hold the pieces: none has a line break."""
    return not any("\n" in piece or piece.endswith("\r") for piece in pieces)


def write_vocabulary(pieces: Sequence[str], path: str | PathLike) -> None:
    """Write a `vocab.txt` that `read_vocabulary` reads back.

    Args:
        pieces: Sequence of str.
        path: Path of the file.

    Raises:
        ValueError: If a piece holds a line break, which the format cannot carry.
    """
    if not fits_vocabulary_file(pieces):
        raise ValueError("vocab.txt cannot hold a line break, and a piece has one. tokenizer.json can.")
    Path(path).write_bytes("".join(f"{piece}\n" for piece in pieces).encode("utf-8"))
