"""The host tokenizer from and to files."""

from __future__ import annotations

import dataclasses
import inspect
from os import PathLike
from pathlib import Path
from typing import Any, Self

from tfbert.hub import TOKENIZER_FILES, resolve_folder, take_hub_options
from tfbert.json_file import read_json, write_json
from tfbert.tokenization.added_token import AddedToken
from tfbert.tokenization.host.special_tokens import SpecialTokens
from tfbert.tokenization.settings.token_ids import SPECIAL_TOKENS
from tfbert.tokenization.settings.tokenizer_config import UNSET_MAX_LENGTH, with_special_tokens_map
from tfbert.tokenization.settings.tokenizer_settings import TokenizerSettings
from tfbert.tokenization.vocabulary import write_vocabulary

CONFIG = "tokenizer_config.json"
# What the host tokenizer alone keeps in tokenizer_config.json.
HOST_KEYS = ("bos_token", "eos_token", "clean_up_tokenization_spaces", "model_input_names")
OPTIONS = (
    *("do_lower_case", "strip_accents", "tokenize_chinese_chars", "clean_text", "never_split", "wordpieces_prefix"),
    *("max_input_chars_per_word", "split_special_tokens", "truncation_side", "padding_side"),
)


class Saving(SpecialTokens):
    """How `BertTokenizer` is read and written."""

    model_max_length: int

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | PathLike, **overrides: Any) -> Self:
        """Build the tokenizer of a checkpoint folder.

        Args:
            pretrained_model_name_or_path: Path of a folder with `tokenizer.json` or `vocab.txt`, or a model's name on
                the Hugging Face hub.
            **overrides: Constructor arguments that win over the checkpoint's; and for the hub `revision`, `cache_dir`,
                `local_files_only`, `token` and `subfolder`.

        Returns:
            A `BertTokenizer`.

        Raises:
            FileNotFoundError: If the folder has no vocabulary.

        Example:
            >>> tokenizer = BertTokenizer.from_pretrained("path/to/checkpoint")  # doctest: +SKIP
        """
        folder = resolve_folder(pretrained_model_name_or_path, TOKENIZER_FILES, **take_hub_options(overrides))
        settings = TokenizerSettings.from_folder(folder)
        paths = (folder / CONFIG, folder / "special_tokens_map.json")
        declared = with_special_tokens_map(*(read_json(path) if path.is_file() else {} for path in paths))
        kept = {name: declared[name] for name in (*HOST_KEYS, "extra_special_tokens") if declared.get(name) is not None}
        return cls._of_settings(settings, {"name_or_path": str(pretrained_model_name_or_path), **kept, **overrides})

    @classmethod
    def from_tokenizer(cls, tokenizer: Any, **overrides: Any) -> Self:
        """Build it from another tokenizer object.

        Args:
            tokenizer: A `tokenizers.Tokenizer`, a BERT tokenizer of transformers, or one of tfbert.
            **overrides: Constructor arguments that win over the object's.

        Returns:
            A `BertTokenizer`.
        """
        return cls._of_settings(TokenizerSettings.from_tokenizer(tokenizer), overrides)

    @classmethod
    def _of_settings(cls, settings: TokenizerSettings, overrides: dict[str, Any]) -> Self:
        taken = inspect.signature(cls.__init__).parameters
        options = {name: value for name, value in settings.options.items() if name in taken}
        if settings.options.get("max_length") is not None:
            options["model_max_length"] = settings.options["max_length"]
        for name in set(overrides) & set(SPECIAL_TOKENS):
            options.pop(f"{name}_id", None)  # belongs to the token that is overruled
        return cls(settings.vocab_list, **{**options, **overrides})

    @property
    def vocab_list(self) -> list[str]:
        """The word pieces by id."""
        return list(self._vocab_list)

    def get_config(self) -> dict[str, Any]:
        """Return the keyword arguments of an equal `FastBertTokenizer`, `vocab_list` apart."""
        config = {name: getattr(self, name) for name in OPTIONS}
        config.update({name: token for name, token in self.special_tokens_map.items() if name in SPECIAL_TOKENS})
        config.update({f"{name}_id": index for name, index in self._ids.items()})
        added = list(self._added)
        listed = {token.content for token in added}
        for name, token in self.special_tokens_map.items():
            if name not in SPECIAL_TOKENS and token not in listed:  # a layer knows no [BOS] and [EOS]
                added.append(AddedToken(token, special=True))
        config["added_tokens"] = [dataclasses.asdict(token) for token in added]
        if self.model_max_length < UNSET_MAX_LENGTH:
            config["max_length"] = self.model_max_length
        return config

    def save_vocabulary(self, save_directory: str | PathLike, filename_prefix: str | None = None) -> tuple[str]:
        """Write `vocab.txt`, the word pieces without added tokens.

        Args:
            save_directory: Path of a folder.
            filename_prefix: str or None. "a" makes it `a-vocab.txt`.

        Returns:
            The path, in a tuple.

        Raises:
            FileNotFoundError: If there is no such folder.
            ValueError: If a piece holds a line break, which the file cannot carry.
        """
        path = Path(save_directory) / (f"{filename_prefix}-vocab.txt" if filename_prefix else "vocab.txt")
        write_vocabulary(self._vocab_list, path)
        return (str(path),)

    def save_pretrained(self, save_directory: str | PathLike) -> tuple[str, ...]:
        """Write `tokenizer.json`, `vocab.txt` and `tokenizer_config.json`, which Hugging Face's tokenizers read.

        Args:
            save_directory: Path of the folder, which is made if it is missing.

        Returns:
            The paths of the files.
        """
        folder = Path(save_directory)
        TokenizerSettings(vocab_list=self.vocab_list, options=self.get_config()).save(folder)
        kept = {name: getattr(self, name) for name in HOST_KEYS}
        default = {"clean_up_tokenization_spaces": False, "model_input_names": list(MODEL_INPUT_NAMES)}
        kept = {name: value for name, value in kept.items() if value != default.get(name)}
        if kept:
            write_json(folder / CONFIG, {**read_json(folder / CONFIG), **kept})
        paths = (folder / name for name in (CONFIG, "vocab.txt", "tokenizer.json"))
        return tuple(str(path) for path in paths if path.is_file())


MODEL_INPUT_NAMES = ("input_ids", "token_type_ids", "attention_mask")
