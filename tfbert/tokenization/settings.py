"""What a checkpoint says about its tokenizer: one record, whichever of Hugging Face's files it comes from."""

from __future__ import annotations

import dataclasses
import json
from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.json_file import read_json, write_json
from tfbert.tokenization.vocabulary import read_vocabulary, write_vocabulary

BASIC_OPTIONS = ("do_lower_case", "strip_accents", "tokenize_chinese_chars")
SPECIAL_TOKENS = ("unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
# Settings that change the ids, of which only one value is followed so far.
ONLY_VALUES = {"truncation_side": "right", "padding_side": "right", "do_basic_tokenize": True}
UNSET_MAX_LENGTH = 10**9  # Hugging Face writes 1e30 where a tokenizer sets no limit


@dataclasses.dataclass(kw_only=True)
class TokenizerSettings:
    """A tokenizer's vocabulary and options, in the words of `FastBertTokenizer`.

    Args:
        vocab_list: list of str. Pieces by id.
        options: dict. Keyword arguments of `FastBertTokenizer`, those that the checkpoint states.
    """

    vocab_list: list[str]
    options: dict[str, Any]

    @classmethod
    def from_folder(cls, folder: str | PathLike) -> TokenizerSettings:
        """Read a checkpoint folder; `tokenizer.json` wins over `vocab.txt` and `tokenizer_config.json`.

        Args:
            folder: Path of the folder.

        Returns:
            `TokenizerSettings`.

        Raises:
            FileNotFoundError: If the folder has neither `tokenizer.json` nor `vocab.txt`.
            ValueError: If a file cannot be read as what it should be.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise FileNotFoundError(
                f"{str(folder)!r} is not a folder. Give the folder of a Hugging Face BERT checkpoint on this machine."
            )
        declared = read_json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
        options = _options_of_config(declared)
        if (folder / "tokenizer.json").is_file():
            vocab_list, exact = _parse_tokenizer_json(read_json(folder / "tokenizer.json"))
            options = {**options, **exact}
        elif (folder / "vocab.txt").is_file():
            vocab_list = read_vocabulary(folder / "vocab.txt")
        else:
            raise FileNotFoundError(
                f"No vocabulary in {str(folder)!r}: it has neither tokenizer.json nor vocab.txt. "
                "Copy one of them from the checkpoint that the weights came from."
            )
        return cls(vocab_list=vocab_list, options=options)

    @classmethod
    def from_tokenizer(cls, tokenizer: Any) -> TokenizerSettings:
        """Read a tokenizer object of Hugging Face: `tokenizers.Tokenizer` or any BERT class of transformers.

        Args:
            tokenizer: The object.

        Returns:
            `TokenizerSettings`.

        Raises:
            TypeError: If it is no such object.
        """
        options = _options_of_attributes(tokenizer)
        backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
        if hasattr(backend, "to_str"):
            vocab_list, exact = _parse_tokenizer_json(json.loads(backend.to_str()))
            return cls(vocab_list=vocab_list, options={**options, **exact})
        if hasattr(tokenizer, "get_vocab"):
            basic = getattr(tokenizer, "basic_tokenizer", tokenizer)
            for name in BASIC_OPTIONS:
                if hasattr(basic, name):
                    options[name] = getattr(basic, name)
            return cls(vocab_list=_by_id(tokenizer.get_vocab()), options=options)
        raise TypeError(
            "`tokenizer` must be a tokenizers.Tokenizer or a BERT tokenizer of transformers. "
            f"Received: {type(tokenizer).__name__}."
        )

    def save(self, folder: str | PathLike) -> None:
        """Write `vocab.txt` and `tokenizer_config.json`, which Hugging Face's BertTokenizer reads.

        Args:
            folder: Path of the folder, which is made if it is missing.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for stale in ("tokenizer.json", "added_tokens.json", "special_tokens_map.json"):
            (folder / stale).unlink(missing_ok=True)  # another tokenizer's file would win over ours
        write_vocabulary(self.vocab_list, folder / "vocab.txt")
        declared = {name: self.options[name] for name in (*BASIC_OPTIONS, *SPECIAL_TOKENS)}
        declared.update(model_max_length=self.options["max_length"], tokenizer_class="BertTokenizer")
        write_json(folder / "tokenizer_config.json", declared)


def _parse_tokenizer_json(content: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Return the vocabulary and the options of a `tokenizer.json`."""
    model = content.get("model") or {}
    if model.get("type", "WordPiece") != "WordPiece" or "vocab" not in model:
        raise ValueError(
            f"The tokenizer's model must be WordPiece. Received: {model.get('type')!r}. tfbert tokenizes for BERT only."
        )
    normalizer = content.get("normalizer") or {}
    if normalizer.get("type") != "BertNormalizer":
        raise ValueError(f"The tokenizer's normalizer must be BertNormalizer. Received: {normalizer.get('type')!r}.")
    vocabulary = dict(model["vocab"])
    for token in content.get("added_tokens") or []:
        vocabulary.setdefault(token["content"], token["id"])
    options = {
        "do_lower_case": normalizer.get("lowercase", True),
        "strip_accents": normalizer.get("strip_accents"),
        "tokenize_chinese_chars": normalizer.get("handle_chinese_chars", True),
        "clean_text": normalizer.get("clean_text", True),
        "unk_token": model.get("unk_token", "[UNK]"),
    }
    return _by_id(vocabulary), options


def _options_of_config(declared: dict[str, Any]) -> dict[str, Any]:
    """Return the options that a `tokenizer_config.json` states."""
    for name, only in ONLY_VALUES.items():
        if declared.get(name, only) != only:
            raise ValueError(
                f"`{name}` in tokenizer_config.json must be {only!r} in this version. Received: {declared[name]!r}."
            )
    options: dict[str, Any] = {name: declared[name] for name in BASIC_OPTIONS if name in declared}
    for name in SPECIAL_TOKENS:
        token = declared.get(name)
        if token is not None:
            options[name] = token["content"] if isinstance(token, dict) else token
    _set_max_length(options, declared.get("model_max_length"))
    return options


def _options_of_attributes(tokenizer: Any) -> dict[str, Any]:
    """Return the options that a tokenizer object states as attributes."""
    options: dict[str, Any] = {}
    for name in SPECIAL_TOKENS:
        token = getattr(tokenizer, name, None)
        if token is not None:
            options[name] = str(token)
    _set_max_length(options, getattr(tokenizer, "model_max_length", None))
    return options


def _set_max_length(options: dict[str, Any], value: Any) -> None:
    if value is not None and value < UNSET_MAX_LENGTH:
        options["max_length"] = int(value)


def _by_id(vocabulary: dict[str, int]) -> list[str]:
    """Return the pieces in the order of their ids, which must run from 0 without gaps."""
    by_id = sorted(vocabulary.items(), key=lambda item: item[1])
    for position, (piece, index) in enumerate(by_id):
        if index != position:
            raise ValueError(
                f"The vocabulary's ids must run from 0 without gaps. Received: id {index} for {piece!r} where "
                f"{position} was due."
            )
    return [piece for piece, _ in by_id]
