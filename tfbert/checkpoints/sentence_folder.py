"""The files that sentence-transformers adds to a Hugging Face folder: modules, pooling, longest input."""

from __future__ import annotations

import dataclasses
from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.json_file import read_json, write_json

MODULES_FILE = "modules.json"
MODULE_PREFIX = "sentence_transformers.models."
POOLING_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
}
OTHER_POOLING_KEYS = (
    "pooling_mode_mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens",
    "pooling_mode_lasttoken",
)


@dataclasses.dataclass(frozen=True)
class SentenceSettings:
    """How a folder turns hidden states into vectors.

    Args:
        pooling: str, "mean", "cls" or "max".
        normalize: bool.
        max_length: int or None. Longest input in tokens.
    """

    pooling: str = "mean"
    normalize: bool = True
    max_length: int | None = None


def read_sentence_settings(folder: str | PathLike, pooling: str | None = None) -> SentenceSettings:
    """Read `modules.json`, the pooling's `config.json` and `sentence_bert_config.json`.

    Args:
        folder: Path of the folder.
        pooling: str. The pooling to use, whatever the folder says.

    Returns:
        `SentenceSettings`; the defaults for a folder without `modules.json`.

    Raises:
        ValueError: If the folder names a module or a pooling that is not supported.
    """
    folder = Path(folder)
    if not (folder / MODULES_FILE).is_file():
        return SentenceSettings(pooling=pooling or "mean")
    modules = {
        _module_name(module): _inside(folder, module["path"]) for module in read_json(folder / MODULES_FILE, list)
    }
    unknown = sorted(set(modules) - {"Transformer", "Pooling", "Normalize"})
    if unknown:
        raise ValueError(
            f"{str(folder / 'modules.json')!r} names the module {unknown[0]!r}; a TextEmbedder has Transformer, "
            "Pooling and Normalize only."
        )
    if pooling is None:
        pooling = _pooling_of(modules["Pooling"] / "config.json") if "Pooling" in modules else "mean"
    length_file = modules.get("Transformer", folder) / "sentence_bert_config.json"
    declared = read_json(length_file) if length_file.is_file() else {}
    return SentenceSettings(pooling, "Normalize" in modules, declared.get("max_seq_length"))


def write_sentence_settings(
    folder: str | PathLike, *, pooling: str, normalize: bool, max_length: int, hidden_size: int
) -> None:
    """Write the files that `read_sentence_settings` and sentence-transformers read.

    Args:
        folder: Path of an existing folder.
        pooling: str.
        normalize: bool.
        max_length: int.
        hidden_size: int.
    """
    folder = Path(folder)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules += [("2_Normalize", "Normalize")] if normalize else []
    for path, _ in modules:
        (folder / path).mkdir(exist_ok=True)
    entries = [
        {"idx": index, "name": str(index), "path": path, "type": MODULE_PREFIX + kind}
        for index, (path, kind) in enumerate(modules)
    ]
    modes = {key: value == pooling for key, value in POOLING_KEYS.items()}
    modes.update(dict.fromkeys(OTHER_POOLING_KEYS, False))
    write_json(folder / MODULES_FILE, entries)
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": hidden_size, **modes})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": max_length, "do_lower_case": False})


def _module_name(module: dict[str, Any]) -> str:
    return str(module.get("type", "")).rpartition(".")[2]


def _inside(folder: Path, path: str) -> Path:
    """Return a path within the folder; one that leads out of it is refused."""
    target = folder / path
    if not target.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"modules.json of {str(folder)!r} names a path outside its folder: {path!r}.")
    return target


def _pooling_of(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(f"No pooling configuration at {str(path)!r}, which modules.json names.")
    declared = read_json(path)
    chosen = [key for key in (*POOLING_KEYS, *OTHER_POOLING_KEYS) if declared.get(key)]
    if len(chosen) != 1 or chosen[0] not in POOLING_KEYS:
        raise ValueError(
            f"{str(path)!r} must choose exactly one of {sorted(POOLING_KEYS)}. Received: {chosen}. "
            "To choose another pooling write from_pretrained(folder, pooling='mean')."
        )
    return POOLING_KEYS[chosen[0]]
