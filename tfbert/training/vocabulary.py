"""A WordPiece vocabulary learned from text files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path

from tfbert.option_checks import check_count

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def train_vocabulary(
    files: str | PathLike | Sequence[str | PathLike],
    vocab_size: int = 30_522,
    *,
    do_lower_case: bool = True,
    strip_accents: bool | None = None,
    tokenize_chinese_chars: bool = True,
    min_frequency: int = 2,
    limit_alphabet: int = 1000,
    special_tokens: Sequence[str] = SPECIAL_TOKENS,
) -> list[str]:
    """Learn the pieces that text is best split into.

    Of pieces that occur equally often it is left to chance which come first, so that two runs may differ in a few.

    Args:
        files: Path or sequence of paths. Text files in UTF-8.
        vocab_size: int, default 30522. The number of pieces, special tokens included; fewer where the text has no more.
        do_lower_case: bool, default True. As in `FastBertTokenizer`, which has to be given the same.
        strip_accents: bool or None, default None: as `do_lower_case`.
        tokenize_chinese_chars: bool, default True.
        min_frequency: int, default 2. What occurs less often gets no piece of its own.
        limit_alphabet: int, default 1000. The most characters to start from.
        special_tokens: Sequence of str. They come first.

    Returns:
        A list of str, the pieces by id.

    Raises:
        ModuleNotFoundError: If the library `tokenizers` is missing.
        FileNotFoundError: If there is no such file.
        ValueError: If the files hold no text, or a number is too small.

    Example:
        >>> from tfbert.layers import FastBertTokenizer
        >>> from tfbert.training import train_vocabulary
        >>> pieces = train_vocabulary("README.md", vocab_size=500)
        >>> FastBertTokenizer(pieces).vocab_size
        500

    Source: `WordPieceTrainer` of Hugging Face tokenizers, which does it.
    """
    try:
        from tokenizers import Tokenizer
        from tokenizers.models import WordPiece
        from tokenizers.normalizers import BertNormalizer
        from tokenizers.pre_tokenizers import BertPreTokenizer
        from tokenizers.trainers import WordPieceTrainer
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Learning a vocabulary takes the library `tokenizers`: pip install 'tfbert-keras[vocabulary]'."
        ) from error
    special_tokens = list(special_tokens)
    for name, value, least in (
        ("vocab_size", vocab_size, len(special_tokens) + 1),
        ("min_frequency", min_frequency, 0),
        ("limit_alphabet", limit_alphabet, 1),
    ):
        check_count(name, value, least)
    if "[UNK]" not in special_tokens:
        raise ValueError(f"`special_tokens` must hold '[UNK]'. Received: {special_tokens}.")
    paths = [Path(file) for file in ([files] if isinstance(files, str | PathLike) else files)]
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(
        handle_chinese_chars=tokenize_chinese_chars, strip_accents=strip_accents, lowercase=do_lower_case
    )
    tokenizer.pre_tokenizer = BertPreTokenizer()
    trainer = WordPieceTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        limit_alphabet=limit_alphabet,
        special_tokens=special_tokens,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_lines(paths), trainer)
    ids = tokenizer.get_vocab()
    if len(ids) == len(special_tokens):
        raise ValueError(f"No text to learn from in: {', '.join(map(str, paths)) or 'no files'}.")
    return sorted(ids, key=ids.__getitem__)


def _lines(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        with path.open(encoding="utf-8") as file:
            try:
                yield from file
            except UnicodeDecodeError as error:
                raise ValueError(f"The file {str(path)!r} is not UTF-8: {error}.") from error
