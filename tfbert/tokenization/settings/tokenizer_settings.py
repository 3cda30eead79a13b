"""What a checkpoint says about its tokenizer: one record, whichever of Hugging Face's files it comes from."""

from __future__ import annotations

import dataclasses
from operator import itemgetter
from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.json_file import read_json, write_json
from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.settings.token_ids import SPECIAL_TOKENS, AddedTokens, named_token
from tfbert.tokenization.settings.tokenizer_config import (
    config_content,
    declared_tokens,
    options_of,
    with_special_tokens_map,
)
from tfbert.tokenization.settings.tokenizer_json import MAX_INPUT_CHARS_PER_WORD, TokenizerJson, build_tokenizer_json
from tfbert.tokenization.settings.tokenizer_object import read_object
from tfbert.tokenization.vocabulary import (
    SUBWORD_PREFIX,
    check_vocabulary,
    fits_vocabulary_file,
    read_vocabulary,
    write_vocabulary,
)

DEFAULTS: dict[str, Any] = {
    **{"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True, "clean_text": True},
    **{"never_split": [], "added_tokens": [], "split_special_tokens": False},
    **{"wordpieces_prefix": SUBWORD_PREFIX, "max_input_chars_per_word": MAX_INPUT_CHARS_PER_WORD},
    **{"truncation_side": "right", "padding_side": "right"},
    **SPECIAL_TOKENS,
}


@dataclasses.dataclass(kw_only=True)
class TokenizerSettings:
    """A tokenizer's vocabulary and options, in the words of `FastBertTokenizer`.

    Args:
        vocab_list: list of str. The WordPiece model's pieces by id.
        options: dict. Keyword arguments of `FastBertTokenizer`, those that the checkpoint states. `added_tokens` stand
            in the order of their ids, without the named special tokens whose flags are the usual ones.

    Example:
        >>> settings = TokenizerSettings.from_folder("path/to/checkpoint")  # doctest: +SKIP
        >>> FastBertTokenizer(settings.vocab_list, **settings.options)  # doctest: +SKIP

    Source: `BertTokenizer.from_pretrained` and `save_pretrained` of Hugging Face transformers 5, by experiment.
    """

    vocab_list: list[str]
    options: dict[str, Any]

    @classmethod
    def from_folder(cls, folder: str | PathLike) -> TokenizerSettings:
        """Read a checkpoint folder.

        As transformers 5 does, take the vocabulary from `tokenizer.json` before `vocab.txt`, and the options from
        `tokenizer_config.json` before `tokenizer.json`; `special_tokens_map.json` counts before both, but only where
        `tokenizer_config.json` has no `added_tokens_decoder`.

        Args:
            folder: Path of the folder.

        Returns:
            `TokenizerSettings`.

        Raises:
            FileNotFoundError: If the folder has neither `tokenizer.json` nor `vocab.txt`.
            ValueError: If a file cannot be read as what it should be, or the files contradict each other.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise FileNotFoundError(
                f"{str(folder)!r} is not a folder. Give the folder of a Hugging Face BERT checkpoint on this machine."
            )
        files = {
            name: read_json(folder / f"{name}.json") if (folder / f"{name}.json").is_file() else {}
            for name in ("tokenizer_config", "special_tokens_map", "added_tokens")
        }
        declared = with_special_tokens_map(files["tokenizer_config"], files["special_tokens_map"])
        parsed = None
        if (folder / "tokenizer.json").is_file():
            parsed = TokenizerJson.parse(read_json(folder / "tokenizer.json"))
            vocabulary = parsed.vocabulary
        elif (folder / "vocab.txt").is_file():
            vocab_list = check_vocabulary(read_vocabulary(folder / "vocab.txt"), ())
            vocabulary = {piece: index for index, piece in enumerate(vocab_list)}
        else:
            raise FileNotFoundError(
                f"No vocabulary in {str(folder)!r}: it has neither tokenizer.json nor vocab.txt. "
                "Copy one of them from the checkpoint that the weights came from."
            )
        options = _folder_options(parsed, options_of(declared))
        added = declared_tokens(declared, parsed.added if parsed else [], files["added_tokens"], options)
        return cls._joined(vocabulary, added, options)

    @classmethod
    def from_tokenizer(cls, tokenizer: Any) -> TokenizerSettings:
        """Read a tokenizer object: `tokenizers.Tokenizer`, any BERT class of transformers, or one of tfbert.

        Args:
            tokenizer: The object.

        Returns:
            `TokenizerSettings`.

        Raises:
            TypeError: If it is no such object.
            ValueError: If it tokenizes otherwise than BERT's.
        """
        if hasattr(tokenizer, "get_config") and hasattr(tokenizer, "vocab_list"):
            options = dict(tokenizer.get_config())
            for name in ("vocab_list", "name", "trainable", "dtype"):  # Keras' own, and the vocabulary
                options.pop(name, None)
            if "added_tokens" in options:
                options["added_tokens"] = [AddedToken.of(token) for token in options["added_tokens"]]
            return cls(vocab_list=list(tokenizer.vocab_list), options=options)
        return cls._joined(*read_object(tokenizer))

    @classmethod
    def _joined(cls, vocabulary: dict[str, int], added: AddedTokens, options: dict[str, Any]) -> TokenizerSettings:
        named = [options.get(name, default) for name, default in SPECIAL_TOKENS.items()]
        vocab_list, added_tokens = added.join(vocabulary, named)
        if added_tokens:
            options = {**options, "added_tokens": added_tokens}
        return cls(vocab_list=vocab_list, options=options)

    def save(self, folder: str | PathLike) -> None:
        """Write `tokenizer.json`, `tokenizer_config.json` and `vocab.txt`, which Hugging Face's BertTokenizer reads.

        Args:
            folder: Path of the folder, which is made if it is missing.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for stale in ("added_tokens.json", "special_tokens_map.json"):
            (folder / stale).unlink(missing_ok=True)  # another tokenizer's file would win over ours
        options = {**DEFAULTS, **self.options}
        listed = {token.content: token for token in map(AddedToken.of, options["added_tokens"])}
        pieces = set(self.vocab_list)
        new = [content for content in listed if content not in pieces]
        ids = {content: index for index, content in enumerate([*self.vocab_list, *new])}
        for token in filter(None, map(options.get, SPECIAL_TOKENS)):
            listed.setdefault(token, named_token(token))
        added = [(ids[content], token) for content, token in listed.items() if content in ids]
        added.sort(key=itemgetter(0))
        for role in ("cls", "sep"):
            if options.get(f"{role}_token_id") is None:
                options[f"{role}_token_id"] = ids[options[f"{role}_token"]]
        write_json(folder / "tokenizer.json", build_tokenizer_json(self.vocab_list, added, options))
        write_json(folder / "tokenizer_config.json", config_content(options, added, ids))
        if fits_vocabulary_file(self.vocab_list):
            write_vocabulary(self.vocab_list, folder / "vocab.txt")
        else:
            (folder / "vocab.txt").unlink(missing_ok=True)  # tokenizer.json alone can hold it


def _folder_options(parsed: TokenizerJson | None, stated: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `tokenizer.json` and those that the other files state, which win."""
    if parsed is None:
        return stated
    # Where the other files are silent transformers 5 takes its own defaults instead, even for the normalizer and
    # WordPiece; what tokenizer.json says is what the checkpoint was trained with. From its truncation and padding
    # sections only the sides are taken, as transformers does: its calls set the rest anew.
    options = {**parsed.options, **parsed.sides, **stated}
    for role in ("cls", "sep"):
        if options.get(f"{role}_token") != parsed.options.get(f"{role}_token"):
            options.pop(f"{role}_token_id", None)  # belongs to the token that was overruled
    return options
