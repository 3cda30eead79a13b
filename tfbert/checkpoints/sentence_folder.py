"""The files that sentence-transformers adds to a Hugging Face folder: modules, pooling, prompts, longest input."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from tfbert.checkpoints.sentence_dense import SentenceDense, read_sentence_dense, write_sentence_dense
from tfbert.json_file import read_json, write_json

MODULES_FILE = "modules.json"
PROMPTS_FILE = "config_sentence_transformers.json"
LENGTH_FILE = "sentence_bert_config.json"
MODULE_PREFIX = "sentence_transformers.models."
MODULES = ("Transformer", "Pooling", "Dense", "Normalize")
# In the order in which sentence-transformers joins those that are switched on.
POOLING_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


@dataclasses.dataclass(frozen=True)
class SentenceSettings:
    """How a folder turns text into vectors.

    Args:
        pooling: str, default "mean". Such as "mean" or "max+mean".
        normalize: bool, default True.
        max_length: int or None. Longest input in tokens.
        include_prompt: bool, default True. Whether a prompt's tokens are pooled too.
        dense: tuple of `SentenceDense`, which follow the pooling.
        prompts: dict from name to text.
        prompt_name: str or None. The prompt that is put before every text.
        similarity_fn_name: str, default "cosine".
        lower_case: bool, default False. Whether texts are lower-cased, whatever the tokenizer does.
    """

    pooling: str = "mean"
    normalize: bool = True
    max_length: int | None = None
    include_prompt: bool = True
    dense: tuple[SentenceDense, ...] = ()
    prompts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    prompt_name: str | None = None
    similarity_fn_name: str = "cosine"
    lower_case: bool = False


def read_sentence_settings(folder: str | PathLike, pooling: Any = None) -> SentenceSettings:
    """Read `modules.json`, the configs of its modules, `sentence_bert_config.json` and the prompts.

    Args:
        folder: Path of the folder.
        pooling: str. The pooling to use, whatever the folder says.

    Returns:
        `SentenceSettings`; the defaults for a folder without `modules.json`.

    Raises:
        FileNotFoundError: If a file is missing that `modules.json` names.
        ValueError: If the folder names a module or a pooling that is not supported.
    """
    folder = Path(folder)
    if not (folder / MODULES_FILE).is_file():
        return SentenceSettings(pooling=pooling or "mean")
    modules = [(_kind(module), _inside(folder, module["path"])) for module in read_json(folder / MODULES_FILE, list)]
    kinds = [kind for kind, _ in modules]
    _check_kinds(kinds, folder)
    paths = dict(modules)
    pooled = _read_pooling(paths["Pooling"] / "config.json", pooling)
    length = _read_if_there(paths["Transformer"] / LENGTH_FILE)
    prompts = _read_if_there(folder / PROMPTS_FILE)
    return SentenceSettings(
        pooling=pooling or _pooling_of(pooled, paths["Pooling"]),
        normalize="Normalize" in kinds,
        max_length=length.get("max_seq_length"),
        include_prompt=pooled.get("include_prompt", True),
        dense=tuple(read_sentence_dense(path) for kind, path in modules if kind == "Dense"),
        prompts=prompts.get("prompts") or {},
        prompt_name=prompts.get("default_prompt_name"),
        similarity_fn_name=prompts.get("similarity_fn_name") or "cosine",
        lower_case=bool(length.get("do_lower_case", False)),
    )


def write_sentence_settings(folder: str | PathLike, settings: SentenceSettings, hidden_size: int) -> None:
    """Write the files that `read_sentence_settings` and sentence-transformers read.

    Args:
        folder: Path of an existing folder.
        settings: `SentenceSettings`.
        hidden_size: int. The width of the hidden states.
    """
    folder = Path(folder)
    kinds = ["Transformer", "Pooling", *["Dense"] * len(settings.dense), *["Normalize"] * settings.normalize]
    paths = ["", *(f"{index}_{kind}" for index, kind in enumerate(kinds) if index)]
    entries = [
        {"idx": index, "name": str(index), "path": path, "type": MODULE_PREFIX + kind}
        for index, (path, kind) in enumerate(zip(paths, kinds))
    ]
    for path in paths:
        (folder / path).mkdir(exist_ok=True)
    for path, dense in zip(paths[2:], settings.dense):
        write_sentence_dense(folder / path, dense)
    pooling = {**_stored_pooling(settings.pooling, hidden_size), "include_prompt": settings.include_prompt}
    prompts = {"prompts": dict(settings.prompts), "default_prompt_name": settings.prompt_name}
    write_json(folder / "1_Pooling" / "config.json", pooling)
    write_json(folder / LENGTH_FILE, {"max_seq_length": settings.max_length, "do_lower_case": settings.lower_case})
    write_json(folder / PROMPTS_FILE, {**prompts, "similarity_fn_name": settings.similarity_fn_name})
    write_json(folder / MODULES_FILE, entries)


def _kind(module: dict[str, Any]) -> str:
    return str(module.get("type", "")).rpartition(".")[2]


def _inside(folder: Path, path: str) -> Path:
    """Return a path within the folder; one that leads out of it is refused."""
    target = folder / path
    if not target.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"modules.json of {str(folder)!r} names a path outside its folder: {path!r}.")
    return target


def _check_kinds(kinds: list[str], folder: Path) -> None:
    """Refuse what is not Transformer, Pooling, any number of Dense and perhaps Normalize, in this order."""
    unknown = sorted(set(kinds) - set(MODULES))
    if unknown:
        raise ValueError(
            f"{str(folder / MODULES_FILE)!r} names the module {unknown[0]!r}; a TextEmbedder has {', '.join(MODULES)} "
            "only."
        )
    is_ordered = kinds == sorted(kinds, key=MODULES.index)
    if not is_ordered or [kinds.count(kind) for kind in MODULES[:2]] != [1, 1] or kinds.count("Normalize") > 1:
        raise ValueError(
            f"{str(folder / MODULES_FILE)!r} must name Transformer, Pooling, any number of Dense, and perhaps "
            f"Normalize, in this order. Received: {kinds}."
        )


def _read_if_there(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def _read_pooling(path: Path, pooling: Any) -> dict[str, Any]:
    if not path.is_file() and pooling is None:
        raise FileNotFoundError(f"No pooling configuration at {str(path)!r}, which modules.json names.")
    return _read_if_there(path)


def _pooling_of(declared: dict[str, Any], path: Path) -> str:
    """The names of the modes, joined; a folder that names none has the mean, as in sentence-transformers."""
    mode = declared.get("pooling_mode")
    if mode is not None:
        return mode if isinstance(mode, str) else "+".join(mode)
    switches = [key for key in declared if key.startswith("pooling_mode_") and declared[key]]
    unknown = sorted(set(switches) - set(POOLING_KEYS))
    if unknown:
        raise ValueError(
            f"{str(path / 'config.json')!r} may switch on {list(POOLING_KEYS)}. Received: {unknown}. "
            "To choose another pooling write from_pretrained(folder, pooling='mean')."
        )
    return "+".join(name for key, name in POOLING_KEYS.items() if key in switches) or "mean"


def _stored_pooling(pooling: str, hidden_size: int) -> dict[str, Any]:
    """As switches, which every release reads; they say no order, so that another one takes the newer form."""
    names = pooling.split("+")
    if names == [name for name in POOLING_KEYS.values() if name in names]:
        return {"word_embedding_dimension": hidden_size, **{key: name in names for key, name in POOLING_KEYS.items()}}
    return {"embedding_dimension": hidden_size, "pooling_mode": names}
